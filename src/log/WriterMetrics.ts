import { Clock, Effect } from "effect"
import { gauge, metricSet } from "../runtime/metrics/Metric.ts"
import { KafkaGauges } from "./kafka/KafkaGauges.ts"
import { SpillGauge } from "./SpillGauge.ts"

const metrics = {
  waits: gauge(
    "walstream_kafka_send_age_seconds",
    "For how long Kafka has not taken what is to be stored; 0 when it has all, nothing where the archive is not in Kafka"
  ),
  bytes: gauge("walstream_spill_bytes", "What the spill beside Kafka holds that Kafka does not have yet"),
  most: gauge("walstream_spill_max_bytes", "SPILL_MAX_BYTES; nothing where there is no spill"),
  leads: gauge("walstream_spill_active", "Whether the spill takes what Kafka does not"),
  stuck: gauge(
    "walstream_spill_stuck",
    "Whether what it holds cannot be given to Kafka, though that is there"
  )
}

/** Of the process that writes the archive. */
export const writerMetrics = metricSet(
  metrics,
  Effect.gen(function* () {
    const kafka = (yield* KafkaGauges).read()
    const spill = (yield* SpillGauge).read()
    const now = yield* Clock.currentTimeMillis
    const since = kafka?.waitsSince ?? now
    return [
      metrics.waits.is(kafka === null ? null : (now - since) / 1000),
      metrics.bytes.is(spill?.bytes ?? null),
      metrics.most.is(spill?.maxBytes ?? null),
      metrics.leads.is(spill === null ? null : Number(spill.since !== null)),
      metrics.stuck.is(spill === null ? null : Number(spill.trouble !== null))
    ]
  })
)
