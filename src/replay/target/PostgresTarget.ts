import { Effect, type Scope, Semaphore } from "effect"
import type { Filter } from "../../domain/Filter.ts"
import type { JobCounters } from "../../domain/Job.ts"
import { origin, type Position } from "../../domain/Position.ts"
import type { Commit } from "../../domain/Transaction.ts"
import { addCounters, noCounters } from "../Counters.ts"
import { makeSkips } from "../Skips.ts"
import type { ApplyBatch, ApplyMode, ApplyOptions, TargetSession } from "../Target.ts"
import { TargetError, type TargetErrorReason } from "../TargetError.ts"
import { Ahead } from "./Ahead.ts"
import { type Attempt, attemptBatch, type Manner, type Refusal, refusalOf } from "./AttemptBatch.ts"
import { commit, type Frame, isNobodysFault, partFrame, wholeFrame } from "./BatchRun.ts"
import { BurstFailed } from "./Burst.ts"
import { Expectations } from "./Expectations.ts"
import { parseFilterText } from "./FilterText.ts"
import { type Failure, type Holder, makeHolder, sameStanding } from "./Holder.ts"
import { LastChanges, type Piece, rejection, splitPiece } from "./Isolation.ts"
import { advanceStatement, exceptStatements } from "./Ledger.ts"
import type { OpenOptions } from "./OpenTarget.ts"
import { generalReason } from "./Rejection.ts"
import { makeSieve } from "./Sieve.ts"
import { countChanges, relationsOf, type Sifted } from "./Stretch.ts"
import { TableFits } from "./TableFits.ts"
import type { TargetConnection } from "./TargetConnection.ts"

type Failed = Extract<Attempt, { readonly _tag: "Failed" }>

/** Undefined when the piece is applied. */
type Try = (
  connection: TargetConnection,
  piece: Piece,
  manner: Manner
) => Effect.Effect<Failed | undefined, Failure>

/** A large transaction of which the target has the first parts. */
interface Held {
  readonly connection: TargetConnection
  /** Where the ledger stands until all of it is committed. */
  readonly stood: Position | null
  readonly lasts: LastChanges
  /** The one that it applies, once a part had any of it. */
  commit: Commit | null
  /** The last position that was applied in it. */
  reached: Position
  /** What was passed over in it. */
  readonly skipped: Array<Position>
}

const makeSession = (
  options: ApplyOptions,
  filter: Filter,
  holder: Holder
): {
  readonly position: Effect.Effect<Position | null, Failure>
  readonly apply: (batch: ApplyBatch) => Effect.Effect<JobCounters, Failure>
  readonly ahead: Ahead
  readonly mode: () => ApplyMode | null
} => {
  const fits = new TableFits()
  const strict = options.onMismatch === "fail"
  const ahead = new Ahead(fits)
  const expected = new Expectations(strict)
  const sieve = makeSieve(options, filter, holder)
  const skips = makeSkips(options.skips)
  /** What the batch under way has come to so far. */
  let counted = noCounters
  /** The transaction that is open, if there is one. */
  let open: Held | undefined
  let shown: ApplyMode | null = null

  const show = ({ mode }: TargetConnection, { rows }: Manner) => {
    const reason = strict
      ? "on_mismatch is fail: each change is checked"
      : (fits.rowByRow ?? "statements over many rows failed on keys or references between them")
    shown = { mode, order: rows ? "row_by_row" : "net_effect", reason: rows ? reason : null }
  }

  const abandon = Effect.suspend(() => {
    const former = open
    open = undefined
    return former === undefined ? Effect.void : former.connection.rollback
  })

  const position = Effect.gen(function* () {
    yield* abandon
    const found = yield* holder.claim(yield* holder.connect)
    yield* sieve.check(found)
    return found
  })

  /** Leaves out what is not new, and looks up the tables of the rest. */
  const prepare = (connection: TargetConnection, piece: Piece, frame: Frame) =>
    Effect.onError(
      Effect.tap(sieve.sift(connection, piece), ({ stretches }) =>
        fits.load(connection, relationsOf(stretches))
      ),
      () => frame.leave
    )

  const count = (manner: Manner, sifted: Sifted, converged: number) => {
    if (manner.converging && converged > 0) expected.converged()
    counted = addCounters(counted, {
      processed: countChanges(sifted.stretches),
      duplicate: sifted.duplicates,
      converged
    })
  }

  /** One manner, again when another job's turn came between. Undefined when the piece is applied. */
  const attemptWhole: Try = Effect.fnUntraced(function* (connection, whole, manner) {
    const { chunks, skipped } = skips.leaveOut(whole.chunks)
    const { until } = whole
    const piece = { chunks, until }
    for (;;) {
      const held = expected.takesTurn()
      if (held) yield* holder.takeTurn(connection)
      const stands = holder.stands ?? null
      const advance = advanceStatement(options, stands, until)
      const stamp = connection.stamp(whole.chunks.at(-1)?.commit ?? null)
      const except = exceptStatements(options, skipped)
      const frame = wholeFrame(connection, held, [advance, ...except, ...stamp])
      const sifted = yield* prepare(connection, piece, frame)
      // Until the outcome is known only the ledger tells where the job stands.
      holder.stands = undefined
      const { stretches } = sifted
      const netEffect = ahead.take(connection, stretches, manner)
      const input = { stretches, fits, manner, strict, frame, netEffect }
      const tried = yield* attemptBatch(connection, input)
      if (tried._tag === "NotMine") {
        yield* holder.tellWhy(connection, stands)
        expected.contested()
        continue
      }
      holder.stands = tried._tag === "Applied" ? until : stands
      if (tried._tag === "Failed") return tried
      count(manner, sifted, tried.converged)
      return undefined
    }
  })

  /** One manner in the transaction that is open. */
  const attemptPart: Try = Effect.fnUntraced(function* (connection, piece, manner) {
    const frame = partFrame(connection)
    const sifted = yield* prepare(connection, piece, frame)
    const { stretches } = sifted
    const netEffect = ahead.take(connection, stretches, manner)
    const input = { stretches, fits, manner, strict, frame, netEffect }
    const tried = yield* attemptBatch(connection, input)
    if (tried._tag === "NotMine") return yield* Effect.die(new Error("a savepoint asks no ledger"))
    if (tried._tag === "Failed") return tried
    count(manner, sifted, tried.converged)
    return undefined
  })

  /** Applies a piece, all or nothing, and counts it; gives what was refused when no manner does. */
  const applyPiece = Effect.fnUntraced(function* (
    connection: TargetConnection,
    piece: Piece,
    attempt: Try = attemptWhole
  ) {
    let refusal: Refusal | undefined
    let surprised = expected.isConverging
    let serverRefused = false
    for (const manner of expected.manners()) {
      if (manner.converging && !surprised) continue
      const failed = yield* attempt(connection, piece, manner)
      if (failed === undefined) {
        show(connection, manner)
        ahead.applied(connection, manner)
        expected.applied(manner, serverRefused)
        return undefined
      }
      serverRefused ||= failed.sqlState !== ""
      refusal = failed.refusal ?? refusal
      surprised = failed.mismatch || expected.isConverging
      // Somebody may have altered the table since it was looked up.
      if (failed.sqlState.startsWith("42")) fits.forget()
    }
    return refusal
  })

  const rejected = ({ chunks, until }: Piece, refusal: Refusal): TargetErrorReason =>
    rejection(until, refusal, new LastChanges().add(chunks))

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
      const [before, its, after] = splitPiece(rest, seq)
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

  /** Moves the ledger and commits. Of a COMMIT that fails nothing stands, from the first part on. */
  const finish = (held: Held, until: Position): Effect.Effect<void, Failure> => {
    const { connection, stood, lasts } = held
    const advance = advanceStatement(options, stood, until)
    const except = exceptStatements(options, held.skipped)
    return connection.send([advance, ...except, ...connection.stamp(held.commit), commit]).pipe(
      Effect.asVoid,
      Effect.catch((failed): Effect.Effect<void, Failure> => {
        if (isNobodysFault(failed)) return Effect.fail(failed)
        if (failed.index > 0) return Effect.fail(rejection(until, refusalOf(null, failed.cause), lasts))
        return connection.rollback.pipe(
          Effect.andThen(holder.tellWhy(connection, stood)),
          Effect.andThen(Effect.fail(failed))
        )
      })
    )
  }

  /**
   * A part of a large transaction, in one target transaction with the others. The ledger's row stays locked from the
   * first part on, and is moved at the end.
   */
  const applyPart = Effect.fnUntraced(function* (connection: TargetConnection, batch: ApplyBatch) {
    if (open === undefined) {
      yield* holder.takeTurn(connection)
      open = {
        connection,
        stood: holder.stands ?? null,
        lasts: new LastChanges(),
        commit: null,
        reached: batch.follows,
        skipped: []
      }
      holder.stands = undefined
    }
    const held = open
    held.lasts.add(batch.chunks)
    held.commit = batch.chunks.at(-1)?.commit ?? held.commit
    const { chunks, skipped } = skips.leaveOut(batch.chunks)
    held.skipped.push(...skipped)
    if (chunks.length > 0) {
      const refused = yield* applyPiece(connection, { chunks, until: batch.until }, attemptPart)
      if (refused !== undefined) return yield* Effect.fail(rejection(batch.until, refused, held.lasts))
    }
    held.reached = batch.until
    if (batch.goesOn) return
    yield* finish(held, batch.until)
    open = undefined
    holder.stands = batch.until
  })

  const apply = (batch: ApplyBatch) =>
    Effect.gen(function* () {
      const connection = yield* holder.connect
      // What was open on a connection that was lost is gone.
      if (open?.connection !== connection) open = undefined
      const known = open === undefined ? holder.stands : open.reached
      const stands = known === undefined ? yield* holder.claim(connection) : known
      const { follows } = batch
      const isNext = stands === null ? follows.seq < options.startSeq : sameStanding(stands, follows)
      if (!isNext) return yield* Effect.fail<TargetErrorReason>({ _tag: "Moved", ...(stands ?? origin) })
      counted = noCounters
      if (open !== undefined || batch.goesOn) yield* applyPart(connection, batch)
      else {
        const refused = yield* applyPiece(connection, batch)
        if (refused !== undefined) yield* isolate(connection, batch, refused)
      }
      return counted
    }).pipe(Effect.onError(() => abandon))

  return { position, ahead, apply, mode: () => shown }
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
    return {
      position: guard(session.position),
      apply: (batch) =>
        Effect.suspend(() => {
          session.ahead.make(batch.chunks)
          return guard(session.apply(batch))
        }),
      mode: session.mode
    }
  }
)
