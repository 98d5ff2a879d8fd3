import { Schema } from "effect"
import type { Coverage, Incarnation } from "../../domain/Log.ts"
import { formatLsn } from "../../domain/Lsn.ts"
import { formatMicros } from "../../domain/Micros.ts"

/** What a store holds without a hole. */
export const CoverageJson = Schema.Struct({
  first_seq: Schema.Int,
  /** One past the last whole transaction. */
  next_seq: Schema.Int,
  from_time: Schema.NullOr(Schema.String),
  /** Complete up to here; moves on an idle source too. */
  to_time: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Coverage" })

/** One life of the source: a failover, an upgrade or a new slot begins the next. */
export const IncarnationJson = Schema.Struct({
  number: Schema.Int,
  system_identifier: Schema.String,
  timeline: Schema.Int,
  database: Schema.String,
  slot: Schema.String,
  first_seq: Schema.Int,
  start_lsn: Schema.String,
  /** The hole before it that an admin accepted, in words; null for none. */
  gap: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Incarnation" })

export const incarnationJson = (incarnation: Incarnation): typeof IncarnationJson.Type => ({
  number: incarnation.number,
  system_identifier: incarnation.systemIdentifier,
  timeline: incarnation.timeline,
  database: incarnation.database,
  slot: incarnation.slot,
  first_seq: incarnation.firstSeq,
  start_lsn: formatLsn(incarnation.startLsn),
  gap: incarnation.gap
})

export const coverageJson = (coverage: Coverage): typeof CoverageJson.Type => ({
  first_seq: coverage.firstSeq,
  next_seq: coverage.nextSeq,
  from_time: coverage.fromTime === null ? null : formatMicros(coverage.fromTime),
  to_time: coverage.toTime === null ? null : formatMicros(coverage.toTime)
})
