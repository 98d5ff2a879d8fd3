import { Effect, Option } from "effect"
import { Archive } from "../log/Archive.ts"
import { counter, gauge, histogram, type MetricSet, metricSet } from "../runtime/metrics/Metric.ts"
import { ReplayWorker } from "./ReplayWorker.ts"
import type { RunPhase, RunSnapshot } from "./Run.ts"

/** What is said of changes, wherever they are applied. */
export const outcomes = {
  replayed: counter(
    "walstream_events_replayed_total",
    "Changes applied at targets: by jobs where the worker tells it, by single ReplayEvent calls where the replayer does"
  ),
  duplicates: counter(
    "walstream_events_duplicates_total",
    "Changes that were skipped, since the target had them already"
  ),
  failed: counter(
    "walstream_events_failed_total",
    "Changes that a target rejected for good: each has failed its job, or its ReplayEvent call"
  )
}

const metrics = {
  ...outcomes,
  dryRun: counter(
    "walstream_events_dry_run_total",
    "Changes that dry runs have read: no target has them, and they are not among the replayed ones"
  ),
  rejections: counter(
    "walstream_apply_rejections_total",
    "Batches that a target rejected for a change in them, tries that come again included"
  ),
  converged: counter(
    "walstream_events_converged_total",
    "Changes that met another row at the target than the history says, and made it what it says"
  ),
  latency: histogram(
    "walstream_replay_latency_seconds",
    "One batch with changes, from handed to the target until it is committed there, the way to the replayer included"
  ),
  pacing: histogram(
    "walstream_replay_pacing_error_seconds",
    "How far from when it was due the worst transaction of a batch was handed to the target"
  ),
  runs: gauge("walstream_runs", "Jobs that this process runs, by what they do at the moment", "phase"),
  slots: gauge("walstream_run_slots", "JOB_WORKER_COUNT: jobs that this process runs at most"),
  lag: gauge(
    "walstream_replay_lag_changes",
    "Changes in the archive that the furthest behind of the jobs that follow it at full speed has not applied; nothing while the archive does not answer"
  ),
  lease: gauge(
    "walstream_job_lease_left_seconds",
    "How long the lease lasts of which least is left: it is renewed at two thirds; nothing without a job"
  )
}

const phases = [
  "planning",
  "opening",
  "replaying",
  "waiting",
  "retrying",
  "ending"
] satisfies ReadonlyArray<RunPhase>

/** A log that takes longer tells nothing: a scrape must not wait for it. */
const patience = "2 seconds"

/** Null where the log does not say. */
const lagOf = Effect.fnUntraced(function* (runs: ReadonlyArray<RunSnapshot>) {
  const archive = yield* Archive
  // One without a position has not been told yet where it begins.
  const reached = runs.flatMap(({ follows, speed, position }) =>
    follows && speed === "max" && position !== null ? [position.seq] : []
  )
  if (reached.length === 0) return 0
  // Without its server it knows of nothing new, and nobody would seem to be behind.
  yield* archive.reach
  const { nextSeq } = yield* archive.coverage
  return (yield* archive.volume(Math.min(...reached) + 1, nextSeq)).changes
})

/** What the jobs of a process do. */
export const replayMetrics: MetricSet<ReplayWorker | Archive> = metricSet(
  metrics,
  Effect.gen(function* () {
    const worker = yield* ReplayWorker
    const { figures } = worker
    const runs = yield* worker.runs
    const leases = yield* worker.leasesLeft
    const lag = yield* lagOf(runs).pipe(
      Effect.timeoutOption(patience),
      Effect.map(Option.getOrNull),
      Effect.orElseSucceed(() => null)
    )
    return [
      metrics.replayed.is(figures.replayed),
      metrics.duplicates.is(figures.duplicates),
      metrics.failed.is(figures.failed),
      metrics.dryRun.is(figures.dryRun),
      metrics.rejections.is(figures.rejections),
      metrics.converged.is(figures.converged),
      metrics.latency.is(figures.latency),
      metrics.pacing.is(figures.pacing),
      metrics.runs.by(phases.map((phase) => [phase, runs.filter((run) => run.phase === phase).length])),
      metrics.slots.is(worker.slots),
      metrics.lag.is(lag),
      metrics.lease.is(leases.length === 0 ? null : Math.min(...leases))
    ]
  })
)
