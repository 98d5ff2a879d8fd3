import { Schema } from "effect"
import { storeKinds } from "../../domain/Job.ts"
import { JobWarning } from "./JobJson.ts"

const Count = Schema.NullOr(Schema.Int)
const Text = Schema.NullOr(Schema.String)

/** What a job would come to if it were started now. Nothing of it is promised: the history goes on. */
export const EstimateJson = Schema.Struct({
  /** The window as the log counts; null where that lies ahead. */
  start_seq: Count,
  /** Exclusive. */
  end_seq: Count,
  /** When its first and its last transaction were committed; null for an empty window. */
  first_commit_time: Text,
  last_commit_time: Text,
  transactions: Count,
  /** Before any filter: with one it is an upper bound. */
  changes: Count,
  bytes: Count,
  filtered: Schema.Boolean,
  replay_source: Schema.NullOr(Schema.Literals(storeKinds)),
  replay_source_reason: Text,
  /** How long it would take: the greater of the two below. Null for a window without an end. */
  seconds: Schema.NullOr(Schema.Finite),
  /** What the original took, by the speed asked for; 0 at full speed. */
  paced_seconds: Schema.NullOr(Schema.Finite),
  /** What applying takes, by the rate below. */
  applying_seconds: Schema.NullOr(Schema.Finite),
  changes_per_second: Schema.Finite,
  /** `jobs`: measured over the newest jobs that ran at full speed into this target; `assumed` where there are none. */
  rate_basis: Schema.Literals(["jobs", "assumed"]),
  /** Why the job would fail at its start, as its `error` would say it; null when nothing is known against it. */
  refusal: Schema.NullOr(Schema.Struct({ code: Schema.String, message: Schema.String })),
  warnings: Schema.Array(JobWarning)
}).annotate({ identifier: "Estimate" })
export type EstimateJson = typeof EstimateJson.Type
