import { Effect, Exit } from "effect"
import type { JobCounters } from "../domain/Job.ts"
import type { Position } from "../domain/Position.ts"
import type { Wakeup } from "../log/Wakeup.ts"
import type { Backlog, Passed, Piece, Taken } from "./Backlog.ts"
import { addCounters, noCounters } from "./Counters.ts"
import { type Given, Pipeline } from "./Pipeline.ts"
import { monotonicMillis } from "./ReplayClock.ts"
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

/**
 * Takes what is due out of the backlog and hands it to the target batch by batch, each following the one before. While
 * one is being applied the next is given too, if all of a batch waits. Ends when the window is done, or after what is
 * under way when the run is stopped. Nothing is booked of a large transaction until its last part is committed.
 */
export const replayLoop = <E>(options: LoopOptions<E>): Effect.Effect<void, TargetError | E> => {
  const { run, session } = options
  const pipeline = new Pipeline(session, () => run.wakeup.notify())
  return Effect.ensuring(loop(options, pipeline), pipeline.abandon)
}

const loop = Effect.fnUntraced(function* <E>(
  { run, backlog, room, ...options }: LoopOptions<E>,
  pipeline: Pipeline
): Effect.fn.Return<void, TargetError | E> {
  const { pacer } = run
  /** The last position that the target was given. */
  let follows = options.follows
  /** Passed over, not yet given to the target for its ledger. */
  let passed: Passed | undefined
  /** Changes of a large transaction that it was given and that goes on. */
  let begun = 0
  /** Of the parts of a large transaction that the target has and has not committed. */
  let held = noCounters
  let written = yield* monotonicMillis
  /** Since when the target is at its present transaction or batch. */
  let since = written

  const show = (given: Given | undefined): void => {
    run.batch = given === undefined ? null : { ...given, since }
  }

  const give = (taken: Taken, now: number): Effect.Effect<void> => {
    const given = { taken, before: begun }
    if (pipeline.isEmpty) {
      if (begun === 0) since = now
      show(given)
    }
    begun = taken.goesOn ? begun + taken.changes : 0
    passed = undefined
    const last = follows
    follows = taken.until.position
    return pipeline.give(given, last)
  }

  /** Nothing but its position is written of what was passed over. */
  const givePassed = (until: Passed, now: number) =>
    give({ chunks: [], changes: 0, transactions: 0, until, goesOn: false }, now)

  const book = Effect.fnUntraced(function* ({ taken }: Given, added: JobCounters) {
    const counters = addCounters(held, added)
    if (taken.goesOn) {
      held = counters
      if (!pipeline.isEmpty) show(pipeline.oldest)
      return
    }
    held = noCounters
    written = yield* monotonicMillis
    const millis = written - since
    since = written
    show(pipeline.oldest)
    run.passed(taken.until, counters)
    run.figures.applied(counters, millis, run.job.spec.dryRun)
    const worst = pacer.errors.takeWorst()
    if (worst !== null) run.figures.pacing.observe(worst / 1000)
  })

  for (;;) {
    const signal = run.wakeup.next
    const answered = pipeline.answered()
    if (answered !== undefined) {
      yield* book(answered.given, yield* answered.counters)
      continue
    }
    const isBusy = !pipeline.isEmpty
    if (isBusy && run.stopped) yield* pipeline.keepOldest
    if (isBusy && (pipeline.isFull || run.stopped)) {
      yield* signal
      continue
    }
    if (run.stopped) return
    const now = yield* monotonicMillis
    const first = backlog.peek()
    // A transaction that has begun is not paced any more.
    const dueAt = (piece: Piece): number => (begun === 0 ? pacer.due(now, piece.commitTime) : now)
    const isDue = (piece: Piece): boolean => {
      if (dueAt(piece) - now > groupMillis) return false
      pacer.handOn(now, piece)
      return true
    }
    if (first !== undefined && first.changes === 0) {
      passed = backlog.take(() => false)?.until ?? passed
      room.notify()
      // Nothing is wanted of the rest of a large transaction: that ends it.
      if (begun > 0 && passed !== undefined) yield* givePassed(passed, now)
      continue
    }
    const wait = first === undefined ? Number.POSITIVE_INFINITY : dueAt(first) - now
    // What is due meanwhile but fills no batch goes together when the target is free again.
    if (isBusy && !(wait <= earlyMillis && backlog.isFull)) {
      yield* signal
      continue
    }
    const fed = first === undefined ? options.fed() : null
    if (fed !== null) {
      if (Exit.isFailure(fed)) return yield* Effect.failCause(fed.cause)
      if (passed === undefined) return
      yield* givePassed(passed, now)
      continue
    }
    run.waiting = first?.commitTime ?? null
    if (wait <= earlyMillis * 1.5) {
      run.phase = "replaying"
      const taken = backlog.take(isDue)
      room.notify()
      if (taken !== undefined) yield* give(taken, now)
      continue
    }
    if (first === undefined) pacer.idle()
    run.phase = "waiting"
    // What has not come yet may be the very transaction that kills its worker: only at the log's end is that rest.
    if (!run.atRest && begun === 0 && (first !== undefined || (yield* options.caughtUp))) run.rest()
    const untilWritten = passed === undefined ? Number.POSITIVE_INFINITY : written + passedMillis - now
    if (passed !== undefined && untilWritten < 1) yield* givePassed(passed, now)
    else yield* Effect.timeoutOption(signal, Math.min(wait - earlyMillis, untilWritten))
  }
})
