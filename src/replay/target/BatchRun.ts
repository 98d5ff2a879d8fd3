import { Effect } from "effect"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { readCounts } from "./BatchStatements.ts"
import type { BurstFailed, Done, Statement } from "./Burst.ts"
import { notMine } from "./Ledger.ts"
import { generalReason } from "./Rejection.ts"
import type { Counted } from "./SetStatements.ts"
import type { TargetConnection } from "./TargetConnection.ts"

/** How a try to apply ended. Anything but `Done` has left nothing behind. */
export type Outcome =
  | { readonly _tag: "Done"; readonly converged: number }
  /** The ledger was not as expected. */
  | { readonly _tag: "NotMine" }
  /** The target's row was not as history says, and the statement could not mend it. */
  | { readonly _tag: "Mismatch"; readonly index: number }
  /** A statement failed; null for the end, where a COMMIT checks deferred constraints. */
  | { readonly _tag: "Failed"; readonly index: number | null; readonly cause: PostgresError }

/** What a try stands in: a transaction of its own, or a savepoint in one that stays open. */
export interface Frame {
  /** Before the changes. A failure `notMine` among these is the ledger's. */
  readonly lead: ReadonlyArray<Statement>
  /** What makes it stand. */
  readonly end: Statement
  /** Takes back what the try has done. */
  readonly undo: Effect.Effect<void, BurstFailed>
  /** For a try of which nothing was sent. */
  readonly leave: Effect.Effect<void>
}

export interface BatchRun {
  readonly frame: Frame
  readonly statements: ReadonlyArray<Counted>
  /** `on_mismatch: fail`. */
  readonly strict: boolean
}

const plain = (sql: string): Statement => ({ sql, parameters: [] })

export const commit: Statement = plain("COMMIT")

/**
 * A transaction of its own. `isOpen`: it has begun and holds the ledger already. `advance` moves the ledger.
 */
export const wholeFrame = (
  connection: TargetConnection,
  isOpen: boolean,
  advance: ReadonlyArray<Statement>
): Frame => ({
  lead: isOpen ? advance : [...connection.begin, ...advance],
  end: commit,
  undo: connection.rollback,
  leave: isOpen ? connection.rollback : Effect.void
})

/** Part of an open transaction: what fails in it can be tried in another manner. */
export const partFrame = (connection: TargetConnection): Frame => ({
  lead: [plain("SAVEPOINT part")],
  end: plain("RELEASE SAVEPOINT part"),
  undo: Effect.asVoid(
    connection.send([plain("ROLLBACK TO SAVEPOINT part"), plain("RELEASE SAVEPOINT part")])
  ),
  leave: Effect.void
})

/** Lost connections, lock time-outs and the like say nothing about the change that they hit. */
export const isNobodysFault = (failed: BurstFailed): boolean =>
  failed.index < 0 || generalReason(failed.cause)?._tag === "Unavailable"

const outcomeOf = (failed: BurstFailed, lead: number, size: number): Effect.Effect<Outcome, BurstFailed> => {
  const at = failed.index - lead
  if (at < 0) return failed.cause.code === notMine ? Effect.succeed({ _tag: "NotMine" }) : Effect.fail(failed)
  return Effect.succeed({ _tag: "Failed", index: at < size ? at : null, cause: failed.cause })
}

/**
 * Ledger and changes together, or nothing. It takes one round trip where no count could keep it from standing, else a
 * second one for its end.
 */
export const runBatch = (
  connection: TargetConnection,
  { frame, statements, strict }: BatchRun
): Effect.Effect<Outcome, BurstFailed> => {
  const blind = !strict && statements.every(({ count }) => count !== "exact")
  const { lead, end } = frame
  const conclude = (done: ReadonlyArray<Done>): Effect.Effect<Outcome, BurstFailed> => {
    const counts = done.slice(lead.length).map(({ count }) => count)
    const { converged, mismatch } = readCounts(statements, counts, strict)
    if (mismatch !== null) return Effect.as(frame.undo, { _tag: "Mismatch", index: mismatch })
    const ended: Outcome = { _tag: "Done", converged }
    if (blind) return Effect.succeed(ended)
    return connection.send([end]).pipe(
      Effect.as(ended),
      Effect.catchIf(
        (failed) => !isNobodysFault(failed),
        ({ cause }) => Effect.succeed<Outcome>({ _tag: "Failed", index: null, cause })
      )
    )
  }
  return connection.send([...lead, ...statements, ...(blind ? [end] : [])]).pipe(
    Effect.flatMap(conclude),
    Effect.catch((failed) =>
      isNobodysFault(failed)
        ? Effect.andThen(connection.rollback, Effect.fail(failed))
        : Effect.andThen(frame.undo, outcomeOf(failed, lead.length, statements.length))
    ),
    Effect.onInterrupt(() => connection.rollback)
  )
}
