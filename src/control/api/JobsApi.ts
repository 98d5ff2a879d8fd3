import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { jobStatuses } from "../../domain/JobStatus.ts"
import { EstimateJson } from "./EstimateJson.ts"
import { Cursor, pageQuery, Time } from "./Fields.ts"
import { Idempotent } from "./Idempotent.ts"
import { JobFailureJson, SkipChange } from "./JobFailureJson.ts"
import { JobHistoryJson } from "./JobHistoryJson.ts"
import { JobJson } from "./JobJson.ts"
import { JobName, NewJob, SpeedFactor } from "./NewJob.ts"
import { takesIdempotencyKey, takesIfMatch, takesIfNoneMatch } from "./OperationDocs.ts"
import { Authorized } from "./Principal.ts"
import {
  InvalidRequest,
  JobMissing,
  NotTheFailure,
  PreconditionFailed,
  TransitionRefused,
  Unavailable
} from "./Problems.ts"
import { Tagged } from "./Tagged.ts"

const params = { id: Schema.String }

/** `running` or `running,paused`. */
const StatusList = Schema.String.check(
  Schema.makeFilter((text) =>
    text.split(",").every((part) => jobStatuses.some((status) => status === part))
      ? true
      : `must be a comma-separated list of ${jobStatuses.join(", ")}`
  )
)

const JobListFields = Schema.Struct({
  status: Schema.optionalKey(StatusList),
  /** By time of creation, newest first if not given. */
  sort: Schema.optionalKey(Schema.Literals(["created_at", "-created_at"])),
  created_after: Schema.optionalKey(Time),
  ...pageQuery
})
export type JobListQuery = typeof JobListFields.Type

export const JobPage = Schema.Struct({
  items: Schema.Array(JobJson),
  next_cursor: Schema.NullOr(Schema.String)
})

export const jobFailuresQuery = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 }))),
  cursor: Schema.optionalKey(Cursor)
}

export const JobFailurePage = Schema.Struct({
  items: Schema.Array(JobFailureJson),
  next_cursor: Schema.NullOr(Schema.String)
})

export const JobHistoryPage = Schema.Struct({
  items: Schema.Array(JobHistoryJson),
  next_cursor: Schema.NullOr(Schema.String)
})

/** What can be changed of a job at any time. */
export const JobUpdate = Schema.Struct({
  name: Schema.optionalKey(Schema.NullOr(JobName)),
  speed_factor: Schema.optionalKey(SpeedFactor)
})
export type JobUpdate = typeof JobUpdate.Type

export const jobListQuery = JobListFields.fields

const action = <const Name extends "start" | "pause" | "resume" | "cancel">(
  name: Name,
  description: string
) =>
  HttpApiEndpoint.post(name, `/:id/${name}`, {
    params,
    success: [JobJson.pipe(HttpApiSchema.status(202)), JobJson],
    error: [JobMissing, TransitionRefused, Unavailable]
  })
    .middleware(Tagged)
    .annotate(OpenApi.Description, `${description} 200 and no change where the job is there already.`)

/** Replay jobs and their life. */
export class JobsApi extends HttpApiGroup.make("jobs")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: NewJob,
      success: JobJson.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, Unavailable]
    })
      .middleware(Tagged)
      .middleware(Idempotent)
      .annotate(OpenApi.Description, "A new job, pending until it is started.")
      .annotate(OpenApi.Transform, takesIdempotencyKey),
    HttpApiEndpoint.get("list", "/", {
      query: jobListQuery,
      success: JobPage,
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Newest first, or oldest first with `sort=created_at`."),
    HttpApiEndpoint.post("estimate", "/estimate", {
      payload: NewJob,
      success: EstimateJson,
      error: [InvalidRequest, Unavailable]
    }).annotate(
      OpenApi.Description,
      "What such a job would come to: how much, from which store and why, how long, and what to know before. Creates nothing."
    ),
    HttpApiEndpoint.get("get", "/:id", { params, success: JobJson, error: [JobMissing, Unavailable] })
      .middleware(Tagged)
      .annotate(OpenApi.Description, "With an `ETag`.")
      .annotate(OpenApi.Transform, takesIfNoneMatch),
    HttpApiEndpoint.patch("update", "/:id", {
      params,
      payload: JobUpdate,
      success: JobJson,
      error: [JobMissing, PreconditionFailed, Unavailable]
    })
      .middleware(Tagged)
      .annotate(OpenApi.Description, "Name and speed; a running job takes up its new speed at once.")
      .annotate(OpenApi.Transform, takesIfMatch),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      success: HttpApiSchema.NoContent,
      error: [JobMissing, PreconditionFailed, TransitionRefused, Unavailable]
    })
      .annotate(OpenApi.Description, "Removes a job that no worker may hold.")
      .annotate(OpenApi.Transform, takesIfMatch),
    action("start", "Hands a pending job to the workers."),
    action("pause", "Stops it within 200 ms; what is committed stays."),
    action("resume", "Goes on from the checkpoint; also retries a failed job."),
    action("cancel", "Ends it for good; what is committed stays."),
    HttpApiEndpoint.get("failures", "/:id/failures", {
      params,
      query: jobFailuresQuery,
      success: JobFailurePage,
      error: [InvalidRequest, JobMissing, Unavailable]
    }).annotate(
      OpenApi.Description,
      "Every time that it failed, newest first, with the change that it failed at."
    ),
    HttpApiEndpoint.get("history", "/:id/history", {
      params,
      query: pageQuery,
      success: JobHistoryPage,
      error: [InvalidRequest, JobMissing, Unavailable]
    }).annotate(
      OpenApi.Description,
      "What was done to it and what became of it, newest first, with who did it."
    ),
    HttpApiEndpoint.post("skip", "/:id/skip", {
      params,
      payload: SkipChange,
      success: JobJson,
      error: [JobMissing, NotTheFailure, TransitionRefused, Unavailable]
    }).annotate(
      OpenApi.Description,
      "A failed job is to pass over the change that it failed at. It goes on with `resume`."
    )
  )
  .middleware(Authorized)
  .prefix("/jobs")
  .annotateMerge(OpenApi.annotations({ title: "Jobs", description: "Replays of a stretch of history." })) {}
