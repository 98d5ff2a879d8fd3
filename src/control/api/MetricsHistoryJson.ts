import { Schema } from "effect"

const Column = Schema.Array(Schema.NullOr(Schema.Finite))

/**
 * The figures of the last hour, as the process that answers has seen them since it began: one look each `step_seconds`,
 * oldest first, column by column. Each column has a value for each time; null is what was not known. Rates are per
 * second, over the ten before.
 */
export const MetricsHistoryJson = Schema.Struct({
  step_seconds: Schema.Int,
  at: Schema.Array(Schema.String),
  captured_transactions: Column,
  captured_changes: Column,
  archived_transactions: Column,
  published_transactions: Column,
  replayed_changes: Column,
  ingest_latency_p50_seconds: Column,
  ingest_latency_p99_seconds: Column,
  ingest_latency_max_seconds: Column,
  live_buffer_changes: Column,
  live_buffer_max_changes: Column
}).annotate({ identifier: "MetricsHistory" })
export type MetricsHistoryJson = typeof MetricsHistoryJson.Type
