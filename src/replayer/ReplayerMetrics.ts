import { Effect } from "effect"
import { outcomes } from "../replay/ReplayMetrics.ts"
import { counter, gauge, histogram, metricSet } from "../runtime/metrics/Metric.ts"
import { ReplayerFigures } from "./ReplayerFigures.ts"
import { ReplayerServer } from "./ReplayerServer.ts"

const metrics = {
  ...outcomes,
  sessions: gauge("walstream_replayer_sessions", "Jobs that are being replayed through this replayer"),
  changes: counter(
    "walstream_replayer_changes_total",
    "Changes that sessions have applied at targets; the workers that sent them count them as replayed"
  ),
  batches: histogram(
    "walstream_replayer_apply_seconds",
    "One batch with changes of a session, from read until it is committed at the target"
  ),
  rejections: counter(
    "walstream_replayer_rejections_total",
    "Batches of sessions that a target rejected for a change in them"
  )
}

/** What a replayer does. */
export const replayerMetrics = metricSet(
  metrics,
  Effect.gen(function* () {
    const server = yield* ReplayerServer
    const { sessions, calls } = yield* ReplayerFigures
    return [
      metrics.replayed.is(calls.replayed),
      metrics.duplicates.is(calls.duplicates),
      metrics.failed.is(calls.failed),
      metrics.sessions.is(yield* server.sessions),
      metrics.changes.is(sessions.replayed),
      metrics.batches.is(sessions.latency),
      metrics.rejections.is(sessions.rejections)
    ]
  })
)
