import { Context, Effect, Layer, Stream } from "effect"
import type { Job } from "../domain/Job.ts"
import type { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import { Wakeup } from "../log/Wakeup.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import type { Supervisor } from "../runtime/Supervisor.ts"
import { type RunnerOptions, runJob } from "./JobRunner.ts"
import { JobStore } from "./JobStore.ts"
import { LeaseKeeper } from "./LeaseKeeper.ts"
import { monotonicMillis } from "./ReplayClock.ts"
import { ReplayFigures } from "./ReplayFigures.ts"
import { Run, type RunSnapshot } from "./Run.ts"
import type { Targets } from "./Target.ts"

/** How often jobs are asked for, hints or not. */
const pollMillis = 1000

export interface ReplayWorkerOptions extends RunnerOptions {
  /** Unique among living workers: leases are in its name. */
  readonly workerId: string
  /** How many jobs run at once. */
  readonly count: number
  readonly leaseSeconds: number
}

interface Slot {
  readonly run: Run
  readonly keeper: LeaseKeeper
}

type Services = JobStore | Targets | Archive | LiveBuffer

/** Takes jobs as long as slots are free, each run by an actor of its own. */
class Pool {
  readonly #options: ReplayWorkerOptions
  readonly #jobs: Supervisor
  readonly #slots = new Map<string, Slot>()
  readonly #wakeup = new Wakeup()
  readonly figures = new ReplayFigures()

  constructor(options: ReplayWorkerOptions, jobs: Supervisor) {
    this.#options = options
    this.#jobs = jobs
  }

  get runs(): ReadonlyArray<Run> {
    return Array.from(this.#slots.values(), (slot) => slot.run)
  }

  leasesLeft(now: number): ReadonlyArray<number> {
    return Array.from(this.#slots.values(), ({ keeper }) => keeper.left(now) / 1000)
  }

  /** Fills free slots, then waits for a hint, a free slot or a second. For ever. */
  get fill(): Effect.Effect<never, never, Services> {
    const { workerId, leaseSeconds, count } = this.#options
    return Effect.gen({ self: this }, function* () {
      const store = yield* JobStore
      for (;;) {
        const next = this.#wakeup.next
        if (this.#slots.size < count) {
          const acquiredAt = yield* monotonicMillis
          const taken = yield* Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(store.acquire(workerId, leaseSeconds)), (job) =>
              job._tag === "None"
                ? Effect.succeed(false)
                : Effect.as(this.#start(job.value, acquiredAt), true)
            )
          ).pipe(
            Effect.catchTag("JobStoreError", (error) =>
              Effect.as(Effect.logWarning("no jobs can be taken", { detail: error.detail }), false)
            )
          )
          if (taken) continue
        }
        yield* Effect.timeoutOption(next, pollMillis)
      }
    })
  }

  /** Passes on which jobs have changed. A hint that is lost is made up for by polling. */
  get listen(): Effect.Effect<void, never, Services> {
    return Effect.flatMap(JobStore, (store) =>
      store.changes.pipe(
        Stream.tapError((error) => Effect.logDebug("no hints from the job store", { detail: error.detail })),
        Stream.retry(reconnect),
        Stream.runForEach((jobId) =>
          Effect.sync(() => {
            const slot = this.#slots.get(jobId)
            if (slot === undefined) this.#wakeup.notify()
            else slot.keeper.look()
          })
        ),
        Effect.ignore
      )
    )
  }

  #start(job: Job, acquiredAt: number): Effect.Effect<void, never, Services> {
    const run = new Run(job, this.figures)
    const keeper = new LeaseKeeper(run, this.#options.leaseSeconds, acquiredAt)
    this.#slots.set(job.id, { run, keeper })
    const about = { job_id: job.id }
    const free = Effect.sync(() => {
      if (this.#slots.get(job.id)?.run === run) this.#slots.delete(job.id)
      this.#wakeup.notify()
    })
    return this.#jobs
      .spawn({
        // A job that comes back must not meet the actor of its life before.
        name: `${job.id}-${job.leaseEpoch}`,
        restart: "temporary",
        run: () => Effect.annotateLogs(Effect.ensuring(runJob(run, keeper, this.#options), free), about)
      })
      .pipe(
        Effect.catch((error) =>
          Effect.andThen(
            free,
            Effect.logError("a job cannot be started here", { detail: error.message }).pipe(
              Effect.annotateLogs(about)
            )
          )
        ),
        Effect.asVoid
      )
  }
}

/** Runs replay jobs in this process. */
export class ReplayWorker extends Context.Service<
  ReplayWorker,
  {
    /** What the jobs of this process are doing now, beyond what their rows say. */
    readonly runs: Effect.Effect<ReadonlyArray<RunSnapshot>>
    /** Seconds that their leases last. */
    readonly leasesLeft: Effect.Effect<ReadonlyArray<number>>
    /** How many jobs run at once. */
    readonly slots: number
    readonly figures: ReplayFigures
  }
>()("walstream/replay/ReplayWorker") {
  /** Stops in order: no new jobs, then each running one gives its job back. */
  static readonly layer = (
    options: ReplayWorkerOptions
  ): Layer.Layer<ReplayWorker, never, ActorSystem | Services> =>
    Layer.effect(
      ReplayWorker,
      Effect.gen(function* () {
        const { root } = yield* ActorSystem
        const replay = yield* Effect.acquireRelease(root.supervise({ name: "replay" }), () =>
          root.stop("replay")
        )
        // Before the pool, so that it is stopped after it.
        const jobs = yield* replay.supervise({ name: "jobs" })
        const pool = new Pool(options, jobs)
        yield* replay.spawn({ name: "hints", restart: "transient", run: () => pool.listen })
        yield* replay.spawn({ name: "pool", run: () => pool.fill })
        return ReplayWorker.of({
          runs: Effect.map(monotonicMillis, (now) => pool.runs.map((run) => run.snapshot(now))),
          leasesLeft: Effect.map(monotonicMillis, (now) => pool.leasesLeft(now)),
          slots: options.count,
          figures: pool.figures
        })
      }).pipe(Effect.orDie)
    )
}
