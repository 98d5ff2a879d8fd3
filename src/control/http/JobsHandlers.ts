import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { Job } from "../../domain/Job.ts"
import { type JobAction, type JobStatus, jobStatuses } from "../../domain/JobStatus.ts"
import {
  type InvalidTransition,
  type JobNotFound,
  JobStore,
  type JobStoreError
} from "../../replay/JobStore.ts"
import { Targets } from "../../replay/Target.ts"
import { jobSpecOf } from "../api/NewJob.ts"
import { InvalidRequest, JobMissing, TransitionRefused, Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { decodeJobCursor } from "../JobCursor.ts"
import { JobViews } from "../JobViews.ts"

export const jobStoreUnavailable = (error: JobStoreError) =>
  error.isRetryable
    ? Effect.andThen(
        Effect.logWarning(error.message),
        Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
      )
    : Effect.die(error)

const missing = (error: JobNotFound) => Effect.fail(new JobMissing({ detail: error.message }))

const refused = (error: InvalidTransition) =>
  Effect.fail(
    new TransitionRefused({
      detail: error.message,
      from: error.from,
      action: error.action,
      allowed: error.allowed
    })
  )

const invalid = (path: string, message: string) =>
  new InvalidRequest({ detail: `look at ${path}`, errors: [{ path, message }] })

/** Undefined for all. The contract has checked the names. */
const statusesOf = (text: string | undefined): ReadonlyArray<JobStatus> | null =>
  text === undefined ? null : jobStatuses.filter((status) => text.split(",").includes(status))

export const layerJobsHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "jobs",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* JobStore
    const targets = yield* Targets
    const views = yield* JobViews

    const show = (job: Job) =>
      Effect.flatMap(views.show([job]), ([shown]) =>
        shown === undefined ? Effect.die("a job came back unseen") : Effect.succeed(shown)
      )

    const act =
      (action: JobAction) =>
      ({ params }: { readonly params: { readonly id: string } }) =>
        store.act(params.id, action).pipe(
          Effect.flatMap(show),
          Effect.catchTags({
            JobStoreError: jobStoreUnavailable,
            JobNotFound: missing,
            InvalidTransition: refused
          })
        )

    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ payload }) {
        const spec = jobSpecOf(payload)
        if (!targets.names.includes(spec.target)) {
          const known =
            targets.names.length === 0 ? "none is configured" : `known: ${targets.names.join(", ")}`
          return yield* invalid("target", `there is no target of this name; ${known}`)
        }
        const made = Effect.flatMap(store.create(spec), show)
        return yield* Effect.catchTag(made, "JobStoreError", jobStoreUnavailable)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const statuses = statusesOf(query.status)
        const cursor = query.cursor ?? null
        if (cursor !== null && decodeJobCursor(cursor, statuses) === undefined) {
          return yield* invalid("cursor", "is not the next_cursor of a list with these filters")
        }
        const listed = Effect.gen(function* () {
          const page = yield* store.list({ statuses, limit: query.limit ?? 50, cursor })
          return { items: yield* views.show(page.items), next_cursor: page.next }
        })
        return yield* Effect.catchTag(listed, "JobStoreError", jobStoreUnavailable)
      }),
      get: ({ params }) =>
        store
          .find(params.id)
          .pipe(
            Effect.flatMap(show),
            Effect.catchTags({ JobStoreError: jobStoreUnavailable, JobNotFound: missing })
          ),
      update: ({ params, payload }) =>
        store
          .update(params.id, {
            ...(payload.name === undefined ? {} : { name: payload.name }),
            ...(payload.speed_factor === undefined ? {} : { speed: payload.speed_factor })
          })
          .pipe(
            Effect.flatMap(show),
            Effect.catchTags({ JobStoreError: jobStoreUnavailable, JobNotFound: missing })
          ),
      remove: ({ params }) =>
        store.remove(params.id).pipe(
          Effect.catchTags({
            JobStoreError: jobStoreUnavailable,
            JobNotFound: missing,
            InvalidTransition: refused
          })
        ),
      start: act("start"),
      pause: act("pause"),
      resume: act("resume"),
      cancel: act("cancel")
    })
  })
)
