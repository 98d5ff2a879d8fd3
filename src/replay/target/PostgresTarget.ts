import { Effect, type Scope, Semaphore } from "effect"
import type { Filter } from "../../domain/Filter.ts"
import type { JobCounters } from "../../domain/Job.ts"
import { comparePosition, origin, type Position } from "../../domain/Position.ts"
import type { ApplyBatch, ApplyOptions, TargetSession } from "../Target.ts"
import { TargetError, type TargetErrorReason } from "../TargetError.ts"
import { attemptBatch, type Manner, type Refusal } from "./AttemptBatch.ts"
import { BurstFailed } from "./Burst.ts"
import { parseFilterText } from "./FilterText.ts"
import { type Failure, makeHolder, sameStanding } from "./Holder.ts"
import { findOverlap, judge } from "./Intervals.ts"
import { advanceStatement } from "./Ledger.ts"
import type { OpenOptions } from "./OpenTarget.ts"
import { generalReason } from "./Rejection.ts"
import {
  countChanges,
  endOf,
  type Located,
  locate,
  relationsOf,
  type Sifted,
  sift,
  tablesOf
} from "./Stretch.ts"
import { TableFits } from "./TableFits.ts"
import type { TargetConnection } from "./TargetConnection.ts"

/** Part of a batch that is applied in one transaction. */
interface Piece {
  readonly chunks: ApplyBatch["chunks"]
  readonly until: Position
}

const none: JobCounters = { processed: 0, duplicate: 0, converged: 0 }

const add = (a: JobCounters, b: JobCounters): JobCounters => ({
  processed: a.processed + b.processed,
  duplicate: a.duplicate + b.duplicate,
  converged: a.converged + b.converged
})

/** For how many batches a surprise is expected to come again. */
const memory = 50

const byNetEffect: Manner = { rows: false, converging: false }
const convergingByNetEffect: Manner = { rows: false, converging: true }
const rowByRow: Manner = { rows: true, converging: false }
const convergingRowByRow: Manner = { rows: true, converging: true }

/** The change to name when only the COMMIT failed: the last one of the table that the server named. */
const blame = (chunks: ApplyBatch["chunks"], table: string | null): Located | undefined => {
  const located = locate(chunks)
  return (
    located.findLast(({ change }) => table !== null && tablesOf(change).includes(table)) ?? located.at(-1)
  )
}

/** What comes before transaction `seq`, that one, and what comes after it, which ends where the whole does. */
const split = (piece: Piece, seq: number): readonly [Piece | undefined, Piece, Piece | undefined] => {
  const before = piece.chunks.filter((chunk) => chunk.seq < seq)
  const its = piece.chunks.filter((chunk) => chunk.seq === seq)
  const after = piece.chunks.filter((chunk) => chunk.seq > seq)
  const last = before.at(-1)
  const end = its.at(-1)
  return [
    last === undefined ? undefined : { chunks: before, until: endOf(last) },
    { chunks: its, until: after.length === 0 || end === undefined ? piece.until : endOf(end) },
    after.length === 0 ? undefined : { chunks: after, until: piece.until }
  ]
}

const makeSession = (
  options: ApplyOptions,
  filter: Filter,
  holder: ReturnType<typeof makeHolder>
): {
  readonly position: Effect.Effect<Position | null, Failure>
  readonly apply: (batch: ApplyBatch) => Effect.Effect<JobCounters, Failure>
} => {
  const fits = new TableFits()
  const strict = options.onMismatch === "fail"
  /** Batches for which another job is expected to take turns with this one. */
  let contested = 0
  /** Batches for which the target's rows are expected not to be as history says. */
  let converging = 0
  /** Batches for which statements over many rows are expected to fail, on keys or references between them. */
  let tangled = 0
  /** How many batches in a row had to go row by row after all. */
  let tangles = 0
  /** What the batch under way has come to so far. */
  let counted = none

  const position = Effect.gen(function* () {
    const found = yield* holder.claim(yield* holder.connect)
    if (options.dedupe === "target") {
      const start = found === null ? options.startSeq : found.seq + 1
      const overlap = findOverlap(holder.intervals(), filter, start)
      if (overlap !== undefined) return yield* Effect.fail<Failure>({ _tag: "Overlap", ...overlap })
    }
    return found
  })

  /** Leaves out what other jobs have applied, and refuses what is older than that. */
  const siftPiece = ({ chunks }: Piece): Effect.Effect<Sifted, TargetErrorReason> => {
    const [first] = chunks
    const all: Sifted = { stretches: chunks, duplicates: 0, older: null }
    if (options.dedupe !== "target" || first === undefined) return Effect.succeed(all)
    const start = { seq: first.seq, ordinal: first.firstOrdinal }
    const ahead = holder.intervals().filter(({ to }) => comparePosition(to, start) >= 0)
    if (ahead.length === 0) return Effect.succeed(all)
    const sifted = sift(chunks, (table, operation, at) => judge(ahead, table, operation, at))
    if (sifted.older === null) return Effect.succeed(sifted)
    const from = sifted.older.seq
    return Effect.fail({
      _tag: "Overlap",
      ...(findOverlap(ahead, filter, from) ?? { from, until: from + 1 })
    })
  }

  /** One manner, again when another job's turn came between. Undefined when the piece is applied. */
  const attempt = Effect.fnUntraced(function* (connection: TargetConnection, piece: Piece, manner: Manner) {
    for (;;) {
      const held = contested > 0
      if (held) {
        contested--
        yield* holder.takeTurn(connection)
      }
      const stands = holder.stands ?? null
      const sifted = yield* Effect.onError(
        Effect.tap(siftPiece(piece), ({ stretches }) => fits.load(connection, relationsOf(stretches))),
        () => (held ? connection.rollback : Effect.void)
      )
      // Until the outcome is known only the ledger tells where the job stands.
      holder.stands = undefined
      const tried = yield* attemptBatch(connection, {
        stretches: sifted.stretches,
        fits,
        manner,
        strict,
        lead: held ? [] : connection.begin,
        advance: advanceStatement(options, stands, piece.until)
      })
      if (tried._tag === "NotMine") {
        yield* holder.tellWhy(connection, stands)
        contested = memory
        continue
      }
      holder.stands = tried._tag === "Applied" ? piece.until : stands
      if (tried._tag === "Failed") return tried
      if (manner.converging && tried.converged > 0) converging = memory
      counted = add(counted, {
        processed: countChanges(sifted.stretches),
        duplicate: sifted.duplicates,
        converged: tried.converged
      })
      return undefined
    }
  })

  /** From the fastest manner to the most patient. A converging one is tried where rows were not as history says. */
  const manners = (): ReadonlyArray<Manner> => {
    if (strict) return [rowByRow]
    if (converging > 0) {
      converging--
      return [convergingByNetEffect, convergingRowByRow]
    }
    if (tangled > 0) {
      tangled--
      return [rowByRow, convergingRowByRow]
    }
    return [byNetEffect, convergingByNetEffect, rowByRow, convergingRowByRow]
  }

  /** Applies a piece in one transaction, and counts it; gives what was refused when no manner does. */
  const applyPiece = Effect.fnUntraced(function* (connection: TargetConnection, piece: Piece) {
    let refusal: Refusal | undefined
    let surprised = converging > 0
    let serverRefused = false
    for (const manner of manners()) {
      if (manner.converging && !surprised) continue
      const failed = yield* attempt(connection, piece, manner)
      if (failed === undefined) {
        if (!manner.rows) tangles = 0
        else if (serverRefused && ++tangles > 1) tangled = memory
        return undefined
      }
      serverRefused ||= failed.sqlState !== ""
      refusal = failed.refusal ?? refusal
      surprised = failed.mismatch || converging > 0
      // Somebody may have altered the table since it was looked up.
      if (failed.sqlState.startsWith("42")) fits.forget()
    }
    return refusal
  })

  const rejected = (
    { chunks, until }: Piece,
    { culprit, table, sqlState, detail }: Refusal
  ): TargetErrorReason => {
    const to = culprit ?? blame(chunks, table)
    return {
      _tag: "Rejected",
      seq: to?.seq ?? until.seq,
      ordinal: to?.ordinal ?? until.ordinal,
      table: (to === undefined ? undefined : tablesOf(to.change)[0]) ?? table ?? "",
      sqlState,
      detail
    }
  }

  /**
   * Applies a batch that was refused as a whole: what comes before the refused transaction, that one by itself, then
   * the rest. Each stands once it is committed. Only what a transaction by itself cannot do is its own fault.
   */
  const isolate = Effect.fnUntraced(function* (
    connection: TargetConnection,
    batch: Piece,
    first: Refusal
  ): Effect.fn.Return<void, Failure> {
    let rest = batch
    let refusal: Refusal | undefined = first
    while (refusal !== undefined) {
      const seqs = [...new Set(rest.chunks.map(({ seq }) => seq))]
      if (seqs.length < 2) return yield* Effect.fail(rejected(rest, refusal))
      // A failed COMMIT does not say which transaction is to blame: then the first comes by itself.
      const seq = refusal.culprit?.seq ?? seqs[0] ?? 0
      const [before, its, after] = split(rest, seq)
      if (before !== undefined) {
        const refused: Refusal | undefined = yield* applyPiece(connection, before)
        if (refused !== undefined) yield* isolate(connection, before, refused)
      }
      const refused: Refusal | undefined = yield* applyPiece(connection, its)
      if (refused !== undefined) return yield* Effect.fail(rejected(its, refused))
      if (after === undefined) return
      rest = after
      refusal = yield* applyPiece(connection, rest)
    }
  })

  const apply = Effect.fnUntraced(function* (batch: ApplyBatch) {
    const connection = yield* holder.connect
    const stands = holder.stands === undefined ? yield* holder.claim(connection) : holder.stands
    const { follows } = batch
    const isNext = stands === null ? follows.seq < options.startSeq : sameStanding(stands, follows)
    if (!isNext) return yield* Effect.fail<TargetErrorReason>({ _tag: "Moved", ...(stands ?? origin) })
    counted = none
    const refused = yield* applyPiece(connection, batch)
    if (refused !== undefined) yield* isolate(connection, batch, refused)
    return counted
  })

  return { position, apply }
}

/**
 * Applies to a PostgreSQL database, changes and ledger in one transaction. The connection is opened with the session,
 * closed with its scope, and opened anew after it was lost.
 */
export const openPostgresTarget: (
  target: string,
  options: ApplyOptions,
  open: OpenOptions
) => Effect.Effect<TargetSession, TargetError, Scope.Scope> = Effect.fnUntraced(
  function* (target, options, open) {
    const filter = parseFilterText(options.filterText)
    if (filter === undefined)
      return yield* Effect.die(new Error("the filter's text was not made by filterText"))
    const holder = makeHolder(target, options, open)
    yield* Effect.addFinalizer(() => holder.close)
    const turn = yield* Semaphore.make(1)

    const guard = <A>(effect: Effect.Effect<A, Failure>): Effect.Effect<A, TargetError> =>
      turn.withPermit(
        Effect.catch(effect, (failure) => {
          const reason: TargetErrorReason =
            failure instanceof BurstFailed
              ? (generalReason(failure.cause) ?? { _tag: "Refused", detail: failure.cause.message })
              : failure
          const error = Effect.fail(new TargetError({ target, reason }))
          // A connection that failed in any way is not trusted again.
          return reason._tag === "Unavailable" ? Effect.andThen(holder.close, error) : error
        })
      )

    yield* guard(holder.connect)
    const session = makeSession(options, filter, holder)
    return { position: guard(session.position), apply: (batch) => guard(session.apply(batch)) }
  }
)
