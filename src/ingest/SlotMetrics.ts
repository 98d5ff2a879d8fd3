import { Clock, Effect, SubscriptionRef } from "effect"
import { gauge, metricSet } from "../runtime/metrics/Metric.ts"
import { IngestState } from "./IngestState.ts"

/** The source was asked so long ago that its answer tells nothing of now. */
const staleMillis = 15_000

const metrics = {
  wal: gauge(
    "walstream_source_wal_lsn_bytes",
    "Where the source's WAL ends; an LSN as a number, so that its rate is what is written"
  ),
  lagBytes: gauge("walstream_slot_lag_bytes", "WAL between what is confirmed and the source's end"),
  lagSeconds: gauge(
    "walstream_slot_lag_seconds",
    "Age of the newest commit time, by the source's clock, up to which the archive is known to be complete"
  ),
  retained: gauge("walstream_slot_retained_wal_bytes", "WAL that the source keeps for the slot"),
  safe: gauge(
    "walstream_slot_safe_wal_bytes",
    "WAL that may still be written before the slot is in danger; nothing where max_slot_wal_keep_size does not bound it"
  ),
  left: gauge(
    "walstream_slot_seconds_until_lost",
    "How long that takes at the rate of the last minutes, if the slot moves no more"
  ),
  status: gauge(
    "walstream_slot_wal_status",
    "1 for the slot's wal_status: lost cannot be mended, unreserved may be lost at the next checkpoint",
    "status"
  ),
  active: gauge("walstream_slot_active", "Whether somebody reads the slot")
}

const statuses = ["reserved", "extended", "unreserved", "lost"]

/** The slot, as the source tells of it each second. Nothing while the source does not answer. */
export const slotMetrics = metricSet(
  metrics,
  Effect.gen(function* () {
    const state = yield* IngestState
    const source = yield* SubscriptionRef.get(state.source)
    const now = yield* Clock.currentTimeMillis
    if (source === null || now - source.readAt > staleMillis) return []
    const { coverageTime } = yield* state.figures
    return [
      metrics.wal.is(Number(source.currentLsn)),
      metrics.lagBytes.is(source.lagBytes),
      metrics.lagSeconds.is(
        coverageTime === null ? null : Math.max(0, source.time - coverageTime) / 1_000_000
      ),
      metrics.retained.is(source.retainedBytes),
      metrics.safe.is(source.safeBytes),
      metrics.left.is(source.secondsUntilLost),
      metrics.status.by(statuses.map((status) => [status, status === source.walStatus ? 1 : 0])),
      metrics.active.is(source.active ? 1 : 0)
    ]
  })
)
