import { Cause, Clock, Duration, Effect, Pull, Schedule } from "effect"
import type { JobFailure } from "../domain/Job.ts"
import { formatPosition } from "../domain/Position.ts"
import type { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import { errorText } from "../runtime/ErrorText.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { attempt } from "./Attempt.ts"
import { type BacklogLimits, defaultLimits } from "./Backlog.ts"
import { insist, planJob } from "./JobPlanner.ts"
import { JobStore, type JobStoreError, type LeaseLost } from "./JobStore.ts"
import type { LeaseKeeper } from "./LeaseKeeper.ts"
import { monotonicMillis } from "./ReplayClock.ts"
import type { Run } from "./Run.ts"
import type { Targets } from "./Target.ts"
import { type ReplayError, verdict, withFix } from "./Verdict.ts"

/** How long a batch under way may still take when its job is paused or cancelled; then it is rolled back. */
const pauseGrace = Duration.millis(200)
/** How long giving a job back may take when the worker stops. */
const releaseDeadline = Duration.seconds(2)

export interface RunnerOptions {
  /** The source's name. */
  readonly source: string
  /** Tries of a rejected change after the first. */
  readonly maxEventRetries: number
  /** A window that starts longer ago is not read from the live buffer. */
  readonly bufferMaxAgeSeconds: number
  readonly limits?: BacklogLimits
}

/** How a run ended: the job is done, has failed, or is somebody else's now. */
export type RunEnd = "completed" | "failed" | "let-go"

type Services = JobStore | Targets | Archive | LiveBuffer

/** The rejected change as the outside names it, if it was in the target's hand. */
const rejectedAt = (run: Run, seq: number, ordinal: number): string | null => {
  const taken = run.batch?.taken
  if (taken === undefined) return null
  const chunk = taken.chunks.find((candidate) => candidate.seq === seq)
  const its = chunk ?? (taken.until.position.seq === seq ? taken.until : undefined)
  if (its === undefined) return null
  return formatPosition({ incarnation: its.incarnation, commitLsn: its.commit.commitLsn, ordinal })
}

/** Tries until the job is done, has failed, or belongs to somebody else. */
const drive = Effect.fnUntraced(function* (
  run: Run,
  options: RunnerOptions
): Effect.fn.Return<JobFailure | "completed" | "let-go", JobStoreError | LeaseLost, Services> {
  const limits = options.limits ?? defaultLimits
  const once = Effect.gen(function* () {
    const plan = yield* planJob(run, options)
    if (plan.range.end !== null && plan.range.start >= plan.range.end) return
    yield* attempt(run, plan, options.source, limits)
  })
  let step = yield* Schedule.toStep(reconnect)
  let reached = run.checkpoint
  let rejectedSeq: number | undefined
  let rejections = 0
  let attempts = 0

  for (;;) {
    const error = yield* once.pipe(
      Effect.as(null),
      Effect.catchIf(
        (error) => error._tag !== "LeaseLost" && error._tag !== "JobStoreError",
        (error: ReplayError) => Effect.succeed(error)
      )
    )
    if (run.stopped) return "let-go"
    if (error === null) return "completed"
    const decided = verdict(error)
    if (decided._tag === "Stop") return "let-go"
    if (decided._tag === "Fail") return decided.failure
    if (decided._tag === "Rejected") {
      rejections = decided.seq === rejectedSeq ? rejections + 1 : 1
      rejectedSeq = decided.seq
      run.figures.rejections += 1
      if (rejections > options.maxEventRetries) {
        return { ...decided.failure, position: rejectedAt(run, decided.seq, decided.ordinal) }
      }
    }
    if (run.checkpoint !== reached) {
      reached = run.checkpoint
      step = yield* Schedule.toStep(reconnect)
      attempts = 0
    }
    attempts += 1
    run.retry(yield* monotonicMillis, error.message, attempts)
    run.batch = null
    if (attempts === 1 && decided._tag === "Retry") {
      yield* Effect.logWarning("the job waits and tries again", { detail: withFix(error) })
    }
    // The ledger standing elsewhere is no trouble by itself; only if reading it again does not help, it waits.
    if (decided._tag !== "Reread" || attempts > 1) {
      const [, delay] = yield* step(yield* Clock.currentTimeMillis, undefined).pipe(
        Pull.catchDone(() => Effect.die("the backoff never ends"))
      )
      if (decided._tag === "Retry") run.rest()
      yield* Effect.sleep(delay)
    }
  }
})

/** Brings the job to its end in the job store. */
const conclude = Effect.fnUntraced(function* (
  run: Run,
  keeper: LeaseKeeper,
  end: JobFailure | "completed" | "let-go"
): Effect.fn.Return<RunEnd, JobStoreError | LeaseLost, JobStore> {
  if (end === "let-go") return end
  const store = yield* JobStore
  run.phase = "ending"
  yield* insist(keeper.save)
  if (end === "completed") {
    yield* insist(store.complete(run.job.id, run.epoch))
    yield* Effect.logInfo("the job is done")
    return end
  }
  yield* Effect.logWarning("the job failed", { code: end.code, detail: end.message })
  if (end.position !== null) run.figures.failed += 1
  yield* insist(store.fail(run.job.id, run.epoch, end))
  return "failed"
})

/**
 * One leased job from here to its end. Never fails: whatever happens ends in the job store, or is left to the next
 * holder. Interrupting it (the worker stops) rolls back what is under way and gives the job back.
 */
export const runJob = Effect.fnUntraced(function* (
  run: Run,
  keeper: LeaseKeeper,
  options: RunnerOptions
): Effect.fn.Return<RunEnd, never, Services> {
  const store = yield* JobStore
  const { id } = run.job
  yield* Effect.logInfo("the job is ours", { epoch: run.epoch })
  const work = Effect.flatMap(drive(run, options), (end) => conclude(run, keeper, end)).pipe(
    Effect.catchDefect((defect) =>
      Effect.logError("the runner of a job died", {
        detail: errorText(Cause.die(defect))
      }).pipe(
        Effect.andThen(
          conclude(run, keeper, {
            code: "internal",
            message: "the runner died of a defect; see the worker's log",
            position: null
          })
        )
      )
    ),
    Effect.catchTags({
      LeaseLost: () => Effect.succeed<RunEnd>("let-go"),
      JobStoreError: (error) =>
        Effect.as(
          Effect.logError("the job store refuses; the lease is left to run out", {
            detail: error.detail
          }),
          "let-go" as const
        )
    })
  )
  const guard = Effect.flatMap(keeper.keep, (reason) => {
    run.stop()
    return reason._tag === "Expired"
      ? Effect.succeed<RunEnd>("let-go")
      : Effect.as(Effect.sleep(pauseGrace), "let-go" as const)
  })
  const giveBack = insist(keeper.save).pipe(
    Effect.andThen(store.release(id, run.epoch)),
    Effect.timeoutOption(releaseDeadline),
    Effect.ignore
  )
  return yield* Effect.raceFirst(work, guard).pipe(Effect.onInterrupt(() => giveBack))
})
