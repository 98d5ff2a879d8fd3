import type { PgClient } from "@effect/sql-pg"
import { Clock, Effect, Layer, Schedule } from "effect"
import { microsFromMillis } from "../domain/Micros.ts"
import { Archive } from "../log/Archive.ts"
import { ReplayWorker } from "../replay/ReplayWorker.ts"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import { liveJson } from "./api/LiveJson.ts"
import { JobRuns } from "./JobRuns.ts"

/** Tells once how this process's runs go. */
const report = Effect.gen(function* () {
  const worker = yield* ReplayWorker
  const runs = yield* worker.runs
  if (runs.length === 0) return
  const told = yield* JobRuns
  const archive = yield* Archive
  // A log that does not answer is what a run says itself.
  const log = runs.some((run) => run.follows)
    ? yield* Effect.orElseSucceed(archive.coverage, () => null)
    : null
  const now = microsFromMillis(yield* Clock.currentTimeMillis)
  yield* told.tell(
    runs.map((run) => ({
      jobId: run.jobId,
      epoch: run.epoch,
      live: liveJson(run, { now, follows: run.follows, log })
    }))
  )
})

/** Beside every worker: tells the control plane each second how its runs go. */
export const layerRunReporter: Layer.Layer<
  never,
  never,
  ReplayWorker | PgClient.PgClient | Archive | ActorSystem
> = Layer.effectDiscard(
  spawnKept({ group: "reports", name: "runs", run: Effect.repeat(report, Schedule.spaced("1 second")) })
).pipe(Layer.provide(JobRuns.layer))
