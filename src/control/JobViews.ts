import { Context, Effect, Layer } from "effect"
import type { Job } from "../domain/Job.ts"
import type { JobStoreError } from "../replay/JobStore.ts"
import { type JobJson, jobJson } from "./api/JobJson.ts"
import { jobWarnings } from "./CoverageHoles.ts"
import { gapWarnings } from "./HistoryGaps.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { JobRuns } from "./JobRuns.ts"

/** Jobs as people see them: their rows, how they go, and what to know of their windows. */
export class JobViews extends Context.Service<
  JobViews,
  { readonly show: (jobs: ReadonlyArray<Job>) => Effect.Effect<ReadonlyArray<JobJson>, JobStoreError> }
>()("walstream/control/JobViews") {
  static readonly layer: Layer.Layer<JobViews, never, JobRuns | HistoryHoles> = Layer.effect(
    JobViews,
    Effect.gen(function* () {
      const runs = yield* JobRuns
      const history = yield* HistoryHoles
      return JobViews.of({
        show: Effect.fnUntraced(function* (jobs) {
          if (jobs.length === 0) return []
          const live = yield* runs.of(jobs)
          // An archive that does not answer is no reason not to show a job.
          const holes = yield* Effect.catchTag(history.read, "LogError", () => Effect.succeed([]))
          const gaps = yield* Effect.orElseSucceed(history.gaps, () => [])
          return jobs.map((job) =>
            jobJson(job, {
              live: live.get(job.id) ?? null,
              warnings: [...gapWarnings(job, gaps), ...jobWarnings(job, holes)]
            })
          )
        })
      })
    })
  )
}
