import { Effect, Fiber, Layer } from "effect"
import type { Speed } from "../src/domain/Job.ts"
import { runJob } from "../src/replay/JobRunner.ts"
import { LeaseKeeper } from "../src/replay/LeaseKeeper.ts"
import { monotonicMillis } from "../src/replay/ReplayClock.ts"
import { Run } from "../src/replay/Run.ts"
import { Targets } from "../src/replay/Target.ts"
import { FakeLog } from "../test/replay/FakeLog.ts"
import { at, transaction } from "../test/replay/History.ts"
import { makeMemoryJobStore } from "../test/replay/MemoryJobStore.ts"
import { spec } from "../test/replay/Workbench.ts"
import { type BenchCase, type BenchResult, lessIsBetter, worstOf } from "./BenchResult.ts"

/** The blueprint's goal: p99 of |actual - due|, in milliseconds. */
const goal = 5
/** How long each case plays. */
const seconds = 10

/** Notes when each transaction reached the target, by the machine's clock and not by the pacer's own book. */
const noting = (arrivals: Array<{ readonly commitTime: number; readonly wall: number }>) =>
  Layer.succeed(
    Targets,
    Targets.of({
      names: ["noting"],
      expiredJobs: () => Effect.succeed([]),
      forgetJobs: () => Effect.succeed(0),
      open: () =>
        Effect.succeed({
          position: Effect.succeed(null),
          mode: () => null,
          apply: (batch) =>
            Effect.sync(() => {
              const wall = performance.now()
              let processed = 0
              for (const chunk of batch.chunks) {
                arrivals.push({ commitTime: chunk.commit.commitTime, wall })
                processed += chunk.changes.length
              }
              return { processed, duplicate: 0, converged: 0 }
            })
        })
    })
  )

/** Plays `perSecond` transactions a second of wall time at a speed; p99 of the distance from due. */
const play = Effect.fnUntraced(function* (name: string, speed: Speed & number, perSecond: number) {
  const archive = new FakeLog("sqlite")
  const count = perSecond * seconds
  const gap = speed / perSecond
  for (let seq = 1; seq <= count; seq += 500) {
    const page = Array.from({ length: Math.min(500, count - seq + 1) }, (_, i) => {
      // Irregular, as commits are: a third of the gap this way or that.
      const jitter = (((seq + i) * 7919) % 100) / 150
      return transaction(seq + i, at((seq + i + jitter) * gap), ["orders", "stock"])
    })
    archive.add(page.flat())
  }
  const arrivals: Array<{ readonly commitTime: number; readonly wall: number }> = []
  const jobs = yield* makeMemoryJobStore
  const buffer = new FakeLog("memory")
  const services = Layer.mergeAll(jobs.layer, archive.archive, buffer.buffer, noting(arrivals))
  const created = yield* jobs.service.create(spec({ speed }))
  yield* jobs.service.act(created.id, "start")
  const job = yield* Effect.flatMap(jobs.service.acquire("bench", 300), Effect.fromOption)
  const run = new Run(job)
  const keeper = new LeaseKeeper(run, 300, yield* monotonicMillis)
  yield* Effect.flatMap(
    Effect.forkChild(
      Effect.provide(
        runJob(run, keeper, { source: "shop", maxEventRetries: 3, bufferMaxAgeSeconds: 3600 }),
        services
      )
    ),
    Fiber.join
  )
  const [first] = arrivals
  if (first === undefined) throw new Error("nothing was played")
  const errors = arrivals.map(({ commitTime, wall }) =>
    Math.abs(wall - first.wall - (commitTime - first.commitTime) / 1000 / speed)
  )
  const p99 = errors.toSorted((a, b) => a - b)[Math.ceil(0.99 * errors.length) - 1] ?? Number.NaN
  return lessIsBetter(name, p99, goal)
})

/** Due time of a transaction against the time it reached the target. */
export const run = async (): Promise<BenchResult> => {
  const cases: Array<BenchCase> = await Effect.runPromise(
    Effect.all([
      play("1x, 100 tx/s", 1, 100),
      play("1x, 1000 tx/s", 1, 1000),
      play("10x, 1000 tx/s", 10, 1000),
      play("100x, 1000 tx/s", 100, 1000),
      play("100x, 5000 tx/s", 100, 5000)
    ])
  )
  return worstOf("pacing", "ms p99", cases)
}
