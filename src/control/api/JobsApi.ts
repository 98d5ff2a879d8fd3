import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { jobStatuses } from "../../domain/JobStatus.ts"
import { Cursor } from "./Fields.ts"
import { JobJson } from "./JobJson.ts"
import { JobName, NewJob, SpeedFactor } from "./NewJob.ts"
import { Authorized } from "./Principal.ts"
import { InvalidRequest, JobMissing, TransitionRefused, Unavailable } from "./Problems.ts"

const params = { id: Schema.String }

/** `running` or `running,paused`. */
const StatusList = Schema.String.check(
  Schema.makeFilter((text) =>
    text.split(",").every((part) => jobStatuses.some((status) => status === part))
      ? true
      : `must be a comma-separated list of ${jobStatuses.join(", ")}`
  )
)

const action = <const Name extends "start" | "pause" | "resume" | "cancel">(
  name: Name,
  description: string
) =>
  HttpApiEndpoint.post(name, `/:id/${name}`, {
    params,
    success: JobJson.pipe(HttpApiSchema.status(202)),
    error: [JobMissing, TransitionRefused, Unavailable]
  }).annotate(OpenApi.Description, description)

/** Replay jobs and their life. */
export class JobsApi extends HttpApiGroup.make("jobs")
  .add(
    HttpApiEndpoint.post("create", "/", {
      payload: NewJob,
      success: JobJson.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "A new job, pending until it is started."),
    HttpApiEndpoint.get("list", "/", {
      query: {
        status: Schema.optionalKey(StatusList),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))),
        cursor: Schema.optionalKey(Cursor)
      },
      success: Schema.Struct({ items: Schema.Array(JobJson), next_cursor: Schema.NullOr(Schema.String) }),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Newest first."),
    HttpApiEndpoint.get("get", "/:id", { params, success: JobJson, error: [JobMissing, Unavailable] }),
    HttpApiEndpoint.patch("update", "/:id", {
      params,
      payload: Schema.Struct({
        name: Schema.optionalKey(Schema.NullOr(JobName)),
        speed_factor: Schema.optionalKey(SpeedFactor)
      }),
      success: JobJson,
      error: [JobMissing, Unavailable]
    }).annotate(OpenApi.Description, "Name and speed; a running job takes up its new speed at once."),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      success: HttpApiSchema.NoContent,
      error: [JobMissing, TransitionRefused, Unavailable]
    }),
    action("start", "Hands a pending job to the workers."),
    action("pause", "Stops it within 200 ms; what is committed stays."),
    action("resume", "Goes on from the checkpoint; also retries a failed job."),
    action("cancel", "Ends it for good; what is committed stays.")
  )
  .middleware(Authorized)
  .prefix("/jobs")
  .annotateMerge(OpenApi.annotations({ title: "Jobs", description: "Replays of a stretch of history." })) {}
