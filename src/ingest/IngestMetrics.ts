import { Effect, SubscriptionRef } from "effect"
import type { Lsn } from "../domain/Lsn.ts"
import { KafkaGauges } from "../log/kafka/KafkaGauges.ts"
import { counter, gauge, histogram, metricSet } from "../runtime/metrics/Metric.ts"
import { ingestPhases } from "./IngestPhase.ts"
import { IngestState } from "./IngestState.ts"

const metrics = {
  ingested: counter(
    "walstream_events_ingested_total",
    "Changes of committed transactions that are durable in the archive, or in the spill that takes its place, by operation",
    "operation"
  ),
  kafka: counter(
    "walstream_events_published_kafka_total",
    "Changes that the archive has taken: Kafka, or in the one-process shape its file; not those that only the spill has"
  ),
  redis: counter(
    "walstream_events_published_redis_total",
    "Changes that the live buffer has taken: Redis, or in the one-process shape the process' memory"
  ),
  latency: histogram(
    "walstream_ingest_latency_seconds",
    "From a transaction's commit at the source, by its clock, until it is durable in the archive or the spill, by ours"
  ),
  transactions: counter(
    "walstream_transactions_ingested_total",
    "Transactions that are durable in the archive"
  ),
  empty: counter("walstream_transactions_empty_total", "Commits in which nothing was that is captured"),
  bytes: counter("walstream_ingested_bytes_total", "Size of the ingested changes as they are kept"),
  received: counter(
    "walstream_received_bytes_total",
    "What the source has sent over the replication connection"
  ),
  reconnects: counter("walstream_capture_retries_total", "How often capture has failed and was tried again"),
  archiveRetries: counter(
    "walstream_archive_retries_total",
    "Appends that the archive refused and was asked again"
  ),
  dropped: counter(
    "walstream_live_buffer_dropped_total",
    "Changes that never reached the live buffer, because it was away or the spill had them"
  ),
  append: histogram(
    "walstream_archive_append_seconds",
    "One batch, from given to the archive until durable there"
  ),
  live: histogram("walstream_live_buffer_append_seconds", "One batch, until the live buffer has it"),
  mark: histogram("walstream_archive_mark_seconds", "One mark, until it is durable"),
  phase: gauge(
    "walstream_capture_phase",
    "1 for what capture does at the moment, 0 for what it does not",
    "phase"
  ),
  seq: gauge("walstream_seq", "The last transaction that the archive has, whole"),
  frontier: gauge(
    "walstream_frontier_lsn_bytes",
    "Everything below is durable in the archive; an LSN as a number"
  ),
  confirmed: gauge(
    "walstream_confirmed_lsn_bytes",
    "What the source was told that it may forget; an LSN as a number"
  ),
  waiting: gauge(
    "walstream_ingest_waiting_bytes",
    "What waits in the process: decoded, or assembled and not in the archive",
    "stage"
  ),
  gate: gauge(
    "walstream_ingest_gate_closed",
    "1 while the source's connection is not read, since the stages behind are full"
  ),
  open: gauge(
    "walstream_open_transactions",
    "Transactions in progress that the source streams before they commit"
  ),
  spilled: gauge("walstream_assembler_spill_bytes", "What of transactions in progress lies on disk")
}

/** Not known before the archive's end was read, and no position of a server's: a fall to 0 would look like a move. */
const position = (lsn: Lsn): number | null => (lsn === 0n ? null : Number(lsn))

/** What capture does, in the process that captures. */
export const ingestMetrics = metricSet(
  metrics,
  Effect.gen(function* () {
    const state = yield* IngestState
    const kafka = yield* KafkaGauges
    const figures = yield* state.figures
    const phase = (yield* SubscriptionRef.get(state.phase))._tag.toLowerCase()
    const { timings } = state
    return [
      metrics.ingested.by(Object.entries(figures.operations)),
      metrics.kafka.is(kafka.read()?.published ?? figures.changes),
      metrics.redis.is(figures.liveChanges),
      metrics.latency.is(timings.latency),
      metrics.transactions.is(figures.transactions),
      metrics.empty.is(figures.emptyTransactions),
      metrics.bytes.is(figures.bytes),
      metrics.received.is(figures.receivedBytes),
      metrics.reconnects.is(figures.reconnects),
      metrics.archiveRetries.is(figures.archiveRetries),
      metrics.dropped.is(figures.liveDropped),
      metrics.append.is(timings.append),
      metrics.live.is(timings.live),
      metrics.mark.is(timings.mark),
      metrics.phase.by(ingestPhases.map((name) => [name, name === phase ? 1 : 0])),
      metrics.seq.is(figures.frontier === 0n ? null : figures.seq),
      metrics.frontier.is(position(figures.frontier)),
      metrics.confirmed.is(position(figures.confirmed)),
      metrics.waiting.by([
        ["decoded", figures.queuedBytes],
        ["assembled", figures.handoffBytes]
      ]),
      metrics.gate.is(figures.gate.length === 0 ? 0 : 1),
      metrics.open.is(figures.openTransactions),
      metrics.spilled.is(figures.spilledBytes)
    ]
  })
)
