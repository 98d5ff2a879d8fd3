import { Schema } from "effect"
import { JobJson } from "./JobJson.ts"

const Text = Schema.NullOr(Schema.String)
const { name: Name, speed_factor: Speed } = JobJson.fields

const jobDeeds = [
  "created",
  "changed",
  "started",
  "taken_up",
  "taken_over",
  "paused",
  "resumed",
  "retried",
  "skipped",
  "completed",
  "failed",
  "cancelled"
] as const
export type JobDeed = (typeof jobDeeds)[number]

/** One thing that was done to a job, or that became of it. */
export const JobHistoryJson = Schema.Struct({
  at: Schema.String,
  /**
   * `changed`: its speed or name. `taken_up`: by a worker, to run it; `taken_over`: from one that was lost. `retried`: resumed
   * after a failure.
   */
  what: Schema.Literals(jobDeeds),
  by: Schema.Struct({
    type: Schema.Literals(["user", "key", "worker"]),
    /** Null where it is not known, and for a key that is none any more. */
    name: Text,
    /** The user's name then, also of who has the key; null for a worker. */
    user: Text
  }),
  speed_factor: Schema.NullOr(Schema.Struct({ from: Speed, to: Speed })),
  name: Schema.NullOr(Schema.Struct({ from: Name, to: Name })),
  /** The change that was skipped or failed at. */
  position: Text,
  /** Why it was skipped. */
  reason: Text,
  /** What it failed with, as in `failures`. */
  code: Text,
  /** The worker that was lost. */
  former_worker: Text
}).annotate({ identifier: "JobHistoryEntry" })
export type JobHistoryJson = typeof JobHistoryJson.Type
