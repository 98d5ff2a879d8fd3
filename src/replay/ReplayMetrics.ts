import { Effect, Metric } from "effect"
import type { JobCounters } from "../domain/Job.ts"
import type { Run } from "./Run.ts"

const replayed = Metric.counter("walstream_events_replayed_total", {
  description: "Changes applied at targets",
  incremental: true
})
const duplicates = Metric.counter("walstream_events_duplicates_total", {
  description: "Changes skipped because the target had them",
  incremental: true
})
const failed = Metric.counter("walstream_events_failed_total", {
  description: "Changes that a target rejected for good",
  incremental: true
})
const latency = Metric.histogram("walstream_replay_latency_seconds", {
  description: "From handing a batch to the target until it is committed there",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
})
const pacing = Metric.histogram("walstream_replay_pacing_error_seconds", {
  description: "How far from its due time the worst transaction of a batch was handed to the target",
  boundaries: [0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 1]
})

/** A batch is at the target. */
export const countApplied = Effect.fnUntraced(function* (run: Run, counters: JobCounters, millis: number) {
  if (counters.processed > 0) yield* Metric.update(replayed, counters.processed)
  if (counters.duplicate > 0) yield* Metric.update(duplicates, counters.duplicate)
  yield* Metric.update(latency, millis / 1000)
  const worst = run.pacer.errors.takeWorst()
  if (worst !== null) yield* Metric.update(pacing, worst / 1000)
})

/** A change was rejected after all tries. */
export const countFailed = Metric.update(failed, 1)
