import { Effect, type Fiber, Layer, References } from "effect"
import type { Job, JobSpec } from "../../src/domain/Job.ts"
import type { BacklogLimits } from "../../src/replay/Backlog.ts"
import { type RunEnd, runJob } from "../../src/replay/JobRunner.ts"
import { LeaseKeeper } from "../../src/replay/LeaseKeeper.ts"
import { monotonicMillis } from "../../src/replay/ReplayClock.ts"
import { Run } from "../../src/replay/Run.ts"
import { FakeLog } from "./FakeLog.ts"
import { FakeTarget } from "./FakeTarget.ts"
import { makeMemoryJobStore } from "./MemoryJobStore.ts"

export const spec = (change: Partial<JobSpec> = {}): JobSpec => ({
  name: null,
  startTime: null,
  endTime: null,
  startLsn: null,
  endLsn: null,
  speed: "max",
  tables: null,
  operations: null,
  target: "fake",
  dryRun: false,
  dedupe: "target",
  onMismatch: "converge",
  maxGapSeconds: null,
  follow: false,
  strictSource: false,
  ...change
})

export interface Runner {
  readonly run: Run
  readonly keeper: LeaseKeeper
  readonly fiber: Fiber.Fiber<RunEnd>
}

/** Everything a runner works with, in memory. */
export const makeWorkbench = Effect.gen(function* () {
  const jobs = yield* makeMemoryJobStore
  const archive = new FakeLog("sqlite")
  const buffer = new FakeLog("memory")
  const target = new FakeTarget()
  const services = Layer.mergeAll(
    jobs.layer,
    archive.archive,
    buffer.buffer,
    target.layer,
    // What runs here is provoked to fail; the log would be full of it.
    Layer.succeed(References.MinimumLogLevel, "None")
  )
  const leaseSeconds = 300

  /** Takes the next job and runs it in a fiber of the test's scope. */
  const runNext = (limits?: BacklogLimits) =>
    Effect.gen(function* () {
      const acquiredAt = yield* monotonicMillis
      const job = yield* Effect.flatMap(jobs.service.acquire("worker", leaseSeconds), Effect.fromOption)
      const run = new Run(job)
      const keeper = new LeaseKeeper(run, leaseSeconds, acquiredAt)
      const fiber = yield* runJob(run, keeper, {
        source: "shop",
        maxEventRetries: 3,
        bufferMaxAgeSeconds: 3600,
        ...(limits === undefined ? {} : { limits })
      }).pipe(Effect.provide(services), Effect.forkScoped)
      return { run, keeper, fiber } satisfies Runner
    })

  const start = (change: Partial<JobSpec> = {}, limits?: BacklogLimits) =>
    Effect.gen(function* () {
      const job: Job = yield* jobs.service.create(spec(change))
      yield* jobs.service.act(job.id, "start")
      return { id: job.id, ...(yield* runNext(limits)) }
    })

  return { jobs, archive, buffer, target, services, start, runNext, leaseSeconds }
})
