import { PgClient } from "@effect/sql-pg"
import { Cause, Context, Effect, Layer, Predicate, Schema } from "effect"
import { HttpServerError } from "effect/http"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { thenAfterCommit } from "../AfterCommit.ts"
import { problemBase } from "../api/Problems.ts"
import { explainSqlError } from "../ControlDatabase.ts"
import { caller } from "../http/Caller.ts"
import { type AuditOutcome, type NewEntry, outcomeOf } from "./AuditEntry.ts"
import { AuditError, AuditLog } from "./AuditLog.ts"
import { type AuditNote, auditNote } from "./AuditNote.ts"
import { RefusedAttempts } from "./RefusedAttempts.ts"

/** The control database does not answer: nothing was changed, or nobody can say so. */
export class NotRecorded extends Schema.TaggedError<NotRecorded>()("NotRecorded", {}) {}

/** What somebody is about. */
export interface Act {
  /** As the table of roles names it. */
  readonly action: string
  readonly door: "http" | "rpc"
  /** Whether it changes something. */
  readonly changes: boolean
}

/** How it went. */
export interface End {
  readonly status: number
  readonly problem: string | null
}

/** That, and whether it is the answer of the time before. */
export interface LineEnd extends End {
  readonly isRepeated: boolean
}

const endOfFailure = (error: unknown): End => ({
  status: Predicate.hasProperty(error, "status") && typeof error.status === "number" ? error.status : 500,
  problem:
    Predicate.hasProperty(error, "type") && typeof error.type === "string"
      ? error.type.replace(problemBase, "")
      : null
})

const endOf = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  for (const reason of cause.reasons) if (reason._tag === "Fail") return endOfFailure(reason.error)
  const [{ status }] = yield* HttpServerError.causeResponse(cause)
  return { status, problem: null }
})

/** One that came without anything to show has tried nothing. */
const isAttempt = ({ changes }: Act, { status }: End, hasShown: boolean): boolean => {
  if (status === 401) return hasShown
  return status === 403 || changes
}

/**
 * Puts on record what is done and what is refused, whichever way it came. What changes something is written in its own
 * transaction: where the record cannot be written, nothing is changed.
 */
export class AuditTrail extends Context.Service<
  AuditTrail,
  {
    /** Runs it and its line in one transaction. Null for what has changed nothing and needs no line. */
    readonly together: <A, E, R>(
      act: Act,
      work: Effect.Effect<A, E, R>,
      endOf: (answer: A) => LineEnd | null
    ) => Effect.Effect<A, E | NotRecorded, R>
    /** For what did not come about. `hasShown`: a credential. */
    readonly refused: (act: Act, end: End, hasShown: boolean) => Effect.Effect<void>
    /** The same, of what it failed with. */
    readonly failed: (act: Act, cause: Cause.Cause<unknown>, hasShown: boolean) => Effect.Effect<void>
  }
>()("walstream/control/audit/AuditTrail") {
  static readonly layer: Layer.Layer<AuditTrail, never, PgClient.PgClient | AuditLog | RefusedAttempts> =
    Layer.effect(
      AuditTrail,
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const log = yield* AuditLog
        const attempts = yield* RefusedAttempts

        const entryOf = Effect.fnUntraced(function* (
          { action, door }: Act,
          note: AuditNote,
          end: End,
          outcome: AuditOutcome
        ) {
          const { address, requestId } = yield* caller
          const { actor, target, claimed, before, after } = note
          const entry: NewEntry = {
            actor,
            action,
            target,
            claimed,
            outcome,
            ...end,
            repeats: 1,
            door,
            address,
            requestId,
            before,
            after
          }
          return entry
        })

        const unavailable = Effect.fnUntraced(function* (error: {
          readonly detail: string
          readonly isRetryable: boolean
        }) {
          if (!error.isRetryable) return yield* Effect.die(new Error(error.detail))
          yield* Effect.logWarning(`nothing is changed without a record of it: ${error.detail}`)
          return yield* new NotRecorded()
        })

        const write = Effect.fnUntraced(function* (act: Act, { isRepeated, ...end }: LineEnd) {
          const note = yield* auditNote
          const outcome = isRepeated || note.isUnchanged ? "unchanged" : outcomeOf(end.status)
          yield* log.append([yield* entryOf(act, note, end, outcome)])
        })

        const refused = Effect.fnUntraced(function* (act: Act, end: End, hasShown: boolean) {
          const note = yield* auditNote
          if (note.isOnRecord || !isAttempt(act, end, hasShown)) return
          const attempt = { ...note, before: null, after: null }
          yield* attempts.note(yield* entryOf(act, attempt, end, outcomeOf(end.status)))
        })

        return AuditTrail.of({
          together: <A, E, R>(act: Act, work: Effect.Effect<A, E, R>, endOf: (answer: A) => LineEnd | null) =>
            thenAfterCommit(
              sql.withTransaction(
                Effect.tap(work, (answer) => {
                  const end = endOf(answer)
                  return end === null ? Effect.void : write(act, end)
                })
              )
            ).pipe(
              Effect.tap((answer) =>
                Effect.map(auditNote, (note) => {
                  note.isOnRecord = endOf(answer) !== null
                })
              ),
              Effect.catchIf(
                (error: E | SqlError | AuditError): error is SqlError => isSqlError(error),
                (error) => unavailable(explainSqlError(error))
              ),
              Effect.catchIf(
                (error: E | NotRecorded | AuditError): error is AuditError => error instanceof AuditError,
                unavailable
              )
            ),
          refused,
          failed: Effect.fnUntraced(function* (act, cause, hasShown) {
            if (!Cause.hasInterruptsOnly(cause)) yield* refused(act, yield* endOf(cause), hasShown)
          })
        })
      })
    )
}
