import { Schema } from "effect"
import { Event } from "../../domain/Event.ts"

/** One time that a job failed, with the change that it failed at. */
export const JobFailureJson = Schema.Struct({
  /** `rejected` for a change that the target refused; an open list. */
  code: Schema.String,
  message: Schema.String,
  /** The change; null when it was none. */
  position: Schema.NullOr(Schema.String),
  /** That change as it is in the history; null when it is not there any more. */
  event: Schema.NullOr(Event),
  /** Whether the job is to pass over it. */
  skipped: Schema.Boolean,
  lease_epoch: Schema.Int,
  failed_at: Schema.String
}).annotate({ identifier: "JobFailure" })

export const SkipChange = Schema.Struct({
  /** The change that the job has failed at, as `error.position` names it. */
  position: Schema.String.check(Schema.isPattern(/^(?:i\d{4}-)?[0-9A-F]{16}-\d{10}$/u)),
  /** Why the target is to do without it. Kept with the job. */
  reason: Schema.String.check(Schema.isPattern(/\S/u, { message: "must say why" }), Schema.isMaxLength(1000))
}).annotate({ identifier: "SkipChange" })
