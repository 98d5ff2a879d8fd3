import { Effect, Exit } from "effect"
import type { JobCounters } from "../domain/Job.ts"
import type { Position } from "../domain/Position.ts"
import type { Wakeup } from "../log/Wakeup.ts"
import type { Backlog, Passed, Piece, Taken } from "./Backlog.ts"
import { addCounters, noCounters } from "./Counters.ts"
import { monotonicMillis } from "./ReplayClock.ts"
import { countApplied } from "./ReplayMetrics.ts"
import type { Run } from "./Run.ts"
import type { TargetSession } from "./Target.ts"
import type { TargetError } from "./TargetError.ts"

/** What is due within this many milliseconds goes along with what is due now. */
const groupMillis = 2
/** Timers fire late rather than early: wake up this much before, and take what is nearly due as due. */
const earlyMillis = 1
/** A stretch of which nothing is wanted is written to the ledger no more often than this. */
const passedMillis = 1000

export interface LoopOptions<E> {
  readonly run: Run
  readonly backlog: Backlog
  readonly session: TargetSession
  /** Where the target's ledger stands. */
  readonly follows: Position
  /** Notified when there is room in the backlog again. */
  readonly room: Wakeup
  /** Whether all that the log has is in the backlog, or was taken from it. */
  readonly caughtUp: Effect.Effect<boolean>
  /** How reading ended: everything up to the window's end is in the backlog, or why not. Null while it goes on. */
  readonly fed: () => Exit.Exit<void, E> | null
}

/** The parts of a large transaction that the target has and has not committed. */
interface Held {
  readonly counters: JobCounters
  readonly changes: number
  readonly since: number
}

/**
 * Takes what is due out of the backlog and hands it to the target, one batch at a time, each following the one
 * before. Ends when the window is done, or after the batch under way when the run is stopped. Nothing is booked of a
 * large transaction until its last part is committed.
 */
export const replayLoop = Effect.fnUntraced(function* <E>(
  options: LoopOptions<E>
): Effect.fn.Return<void, TargetError | E> {
  const { run, backlog, session, room } = options
  const { pacer } = run
  let follows = options.follows
  /** Passed over, not yet written to the ledger. */
  let passed: Passed | undefined
  let held: Held | undefined
  let written = yield* monotonicMillis

  const apply = Effect.fnUntraced(function* (taken: Taken, now: number) {
    const { chunks, changes, goesOn } = taken
    const since = held?.since ?? now
    const before = held?.changes ?? 0
    run.batch = { taken, before, since }
    const batch = { chunks, follows, until: taken.until.position, goesOn }
    const counters = addCounters(held?.counters ?? noCounters, yield* session.apply(batch))
    follows = batch.until
    passed = undefined
    if (goesOn) {
      held = { counters, changes: before + changes, since }
      return
    }
    held = undefined
    run.batch = null
    written = yield* monotonicMillis
    run.passed(taken.until, counters)
    yield* countApplied(run, counters, written - since)
  })

  /** Nothing but its position is written of what was passed over. */
  const applyPassed = (until: Passed, now: number) =>
    apply({ chunks: [], changes: 0, transactions: 0, until, goesOn: false }, now)

  while (!run.stopped) {
    const signal = run.wakeup.next
    const now = yield* monotonicMillis
    const first = backlog.peek()
    // A transaction that has begun is not paced any more.
    const dueAt = (piece: Piece): number => (held === undefined ? pacer.due(now, piece.commitTime) : now)
    const isDue = (piece: Piece): boolean => {
      if (dueAt(piece) - now > groupMillis) return false
      pacer.handOn(now, piece)
      return true
    }
    if (first !== undefined && first.changes === 0) {
      passed = backlog.take(() => false)?.until ?? passed
      room.notify()
      // Nothing is wanted of the rest of a large transaction: that ends it.
      if (held !== undefined && passed !== undefined) yield* applyPassed(passed, now)
      continue
    }
    const fed = first === undefined ? options.fed() : null
    if (fed !== null) {
      if (Exit.isFailure(fed)) return yield* Effect.failCause(fed.cause)
      if (passed !== undefined) yield* applyPassed(passed, now)
      return
    }
    const wait = first === undefined ? Number.POSITIVE_INFINITY : dueAt(first) - now
    run.waiting = first?.commitTime ?? null
    if (wait <= earlyMillis * 1.5) {
      run.phase = "replaying"
      const taken = backlog.take(isDue)
      room.notify()
      if (taken !== undefined) yield* apply(taken, now)
      continue
    }
    if (first === undefined) pacer.idle()
    run.phase = "waiting"
    // What has not come yet may be the very transaction that kills its worker: only at the log's end is that rest.
    if (!run.atRest && held === undefined && (first !== undefined || (yield* options.caughtUp))) run.rest()
    const untilWritten = passed === undefined ? Number.POSITIVE_INFINITY : written + passedMillis - now
    if (passed !== undefined && untilWritten < 1) yield* applyPassed(passed, now)
    else yield* Effect.timeoutOption(signal, Math.min(wait - earlyMillis, untilWritten))
  }
})
