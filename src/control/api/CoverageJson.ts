import { Schema } from "effect"
import type { Coverage } from "../../domain/Log.ts"
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

export const coverageJson = (coverage: Coverage): typeof CoverageJson.Type => ({
  first_seq: coverage.firstSeq,
  next_seq: coverage.nextSeq,
  from_time: coverage.fromTime === null ? null : formatMicros(coverage.fromTime),
  to_time: coverage.toTime === null ? null : formatMicros(coverage.toTime)
})
