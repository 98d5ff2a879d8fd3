import { Clock, Context, Effect, Layer, Option } from "effect"
import type { Event } from "../domain/Event.ts"
import type { Job } from "../domain/Job.ts"
import { type JobAction, type JobStatus, jobStatuses } from "../domain/JobStatus.ts"
import { microsFromMillis, parseMicros } from "../domain/Micros.ts"
import type { Archive } from "../log/Archive.ts"
import {
  type InvalidTransition,
  type JobFilter,
  type JobNotFound,
  JobStore,
  type VersionMoved
} from "../replay/JobStore.ts"
import { Targets } from "../replay/Target.ts"
import type { JobListQuery, JobUpdate } from "./api/JobsApi.ts"
import { jobSpecOf, type NewJob } from "./api/NewJob.ts"
import { JobMissing, NotTheFailure, PreconditionFailed, TransitionRefused } from "./api/Problems.ts"
import { auditedJob } from "./audit/AuditedJob.ts"
import { noteChange } from "./audit/AuditNote.ts"
import { eventAt } from "./EventAt.ts"
import { invalidField } from "./InvalidField.ts"
import { decodeJobCursor } from "./JobCursor.ts"
import { JobEstimates } from "./JobEstimates.ts"
import { JobFailures } from "./JobFailures.ts"
import { JobHistory } from "./JobHistory.ts"
import { JobViews } from "./JobViews.ts"
import { pageOf } from "./Page.ts"
import { decodeCursor, encodeCursor } from "./PageCursor.ts"
import { isRepeatedAction } from "./RepeatedAction.ts"
import { SourceView } from "./SourceView.ts"
import { controlUnavailable, storeUnavailable } from "./StoreUnavailable.ts"

const missing = (error: JobNotFound) => Effect.fail(new JobMissing({ detail: error.message }))

const moved = ({ message, version }: VersionMoved) =>
  Effect.fail(new PreconditionFailed({ detail: message, version }))

const refused = (error: InvalidTransition) =>
  Effect.fail(
    new TransitionRefused({
      detail: error.message,
      from: error.from,
      action: error.action,
      allowed: error.allowed
    })
  )

/** For the record: null before it is made, and after it is removed. */
const noted = (before: Job | null, after: Job | null, isUnchanged = false) =>
  noteChange({
    target: (after ?? before)?.id ?? "",
    before: before === null ? null : auditedJob(before),
    after: after === null ? null : auditedJob(after),
    isUnchanged
  })

/** Undefined for all. The contract has checked the names. */
const statusesOf = (text: string | undefined): ReadonlyArray<JobStatus> | null =>
  text === undefined ? null : jobStatuses.filter((status) => text.split(",").includes(status))

/** The failure that a page ended with; undefined when the cursor is of another list. */
const failureBefore = (cursor: string, jobId: string): string | undefined => {
  const [id, of] = decodeCursor(cursor) ?? []
  return id !== undefined && /^\d{1,18}$/u.test(id) && of === jobId ? id : undefined
}

/** The time of the entry that a page of a history ended with; undefined when the cursor is of another list. */
const entryBefore = (cursor: string, jobId: string): string | undefined => {
  const [at = "", list, of] = decodeCursor(cursor) ?? []
  return parseMicros(at) !== undefined && list === "history" && of === jobId ? at : undefined
}

/** What people do with jobs, whichever way they ask: HTTP and RPC are two doors to this. */
export class JobOperations extends Context.Service<JobOperations>()("walstream/control/JobOperations", {
  make: Effect.gen(function* () {
    const store = yield* JobStore
    const targets = yield* Targets
    const views = yield* JobViews
    const failures = yield* JobFailures
    const histories = yield* JobHistory
    const estimates = yield* JobEstimates
    const { source } = yield* SourceView
    const stores = yield* Effect.context<Archive>()

    /** What is asked for, at a target that there is. */
    const specOf = Effect.fnUntraced(function* (asked: NewJob) {
      const spec = jobSpecOf(asked, microsFromMillis(yield* Clock.currentTimeMillis))
      if (targets.names.includes(spec.target)) return spec
      const known = targets.names.length === 0 ? "none is configured" : `known: ${targets.names.join(", ")}`
      return yield* invalidField("target", `there is no target of this name; ${known}`)
    })

    const show = (job: Job) =>
      Effect.flatMap(views.show([job]), ([shown]) =>
        shown === undefined ? Effect.die("a job came back unseen") : Effect.succeed(shown)
      )

    /** A history that does not answer is no reason not to say what failed. */
    const offending = (position: string | null): Effect.Effect<Event | null> =>
      position === null
        ? Effect.succeed(null)
        : eventAt(source, position).pipe(
            Effect.provide(stores),
            Effect.timeout("2 seconds"),
            Effect.map(Option.getOrNull),
            Effect.orElseSucceed(() => null)
          )

    return {
      create: Effect.fnUntraced(
        function* (asked: NewJob) {
          const spec = yield* specOf(asked)
          const job = yield* store.create(spec)
          yield* noted(null, job)
          return yield* show(job)
        },
        Effect.catchTag("JobStoreError", controlUnavailable)
      ),

      estimate: Effect.fnUntraced(
        function* (asked: NewJob) {
          return yield* estimates.estimate(yield* specOf(asked))
        },
        Effect.catchTags({ JobStoreError: controlUnavailable, LogError: storeUnavailable })
      ),

      list: Effect.fnUntraced(
        function* (query: JobListQuery) {
          const filter: JobFilter = {
            statuses: statusesOf(query.status),
            createdAfter: parseMicros(query.created_after ?? "") ?? null,
            oldestFirst: query.sort === "created_at"
          }
          const cursor = query.cursor ?? null
          if (cursor !== null && decodeJobCursor(cursor, filter) === undefined) {
            return yield* invalidField("cursor", "is not the next_cursor of a list with these filters")
          }
          const page = yield* store.list({ ...filter, limit: query.limit ?? 50, cursor })
          return { items: yield* views.show(page.items), next_cursor: page.next }
        },
        Effect.catchTag("JobStoreError", controlUnavailable)
      ),

      get: (id: string) =>
        store
          .find(id)
          .pipe(
            Effect.flatMap(show),
            Effect.catchTags({ JobStoreError: controlUnavailable, JobNotFound: missing })
          ),

      /** `versions`: only while it is at one of them; null for whatever it is at. */
      update: Effect.fnUntraced(
        function* (
          id: string,
          { name, speed_factor: speed }: JobUpdate,
          versions: ReadonlyArray<number> | null
        ) {
          const before = yield* store.hold(id)
          const change = {
            ...(name === undefined || name === before.spec.name ? {} : { name }),
            ...(speed === undefined || speed === before.spec.speed ? {} : { speed })
          }
          const isUnchanged =
            Object.keys(change).length === 0 && (versions === null || versions.includes(before.version))
          const job = isUnchanged ? before : yield* store.update(id, change, versions)
          yield* noted(before, job, isUnchanged)
          return yield* show(job)
        },
        Effect.catchTags({ JobStoreError: controlUnavailable, JobNotFound: missing, VersionMoved: moved })
      ),

      remove: Effect.fnUntraced(
        function* (id: string, versions: ReadonlyArray<number> | null) {
          const before = yield* store.hold(id)
          yield* store.remove(id, versions)
          yield* noted(before, null)
        },
        Effect.catchTags({
          JobStoreError: controlUnavailable,
          JobNotFound: missing,
          InvalidTransition: refused,
          VersionMoved: moved
        })
      ),

      /** `isRepeated`: it had led where it leads before. */
      act: Effect.fnUntraced(
        function* (id: string, action: JobAction) {
          const before = yield* store.hold(id)
          const job = yield* store.act(id, action)
          const isRepeated = isRepeatedAction(action, before.status)
          yield* noted(before, job, isRepeated)
          return { job: yield* show(job), isRepeated }
        },
        Effect.catchTags({
          JobStoreError: controlUnavailable,
          JobNotFound: missing,
          InvalidTransition: refused
        })
      ),

      failures: Effect.fnUntraced(
        function* (id: string, query: { readonly limit?: number; readonly cursor?: string }) {
          const { limit = 20, cursor } = query
          const before = cursor === undefined ? null : failureBefore(cursor, id)
          if (before === undefined) {
            return yield* invalidField("cursor", "is not the next_cursor of this job's failures")
          }
          const { skips } = yield* store.find(id)
          const found = yield* failures.of(id, { limit: limit + 1, before })
          const page = pageOf(found, limit, (last) => encodeCursor(last.id, id))
          const items = yield* Effect.forEach(
            page.items,
            (failure) =>
              Effect.map(offending(failure.position), (event) => ({
                code: failure.code,
                message: failure.message,
                position: failure.position,
                event,
                skipped: skips.some(({ position }) => position === failure.position),
                lease_epoch: failure.leaseEpoch,
                failed_at: failure.failedAt
              })),
            { concurrency: 8 }
          )
          return { ...page, items }
        },
        Effect.catchTags({ JobStoreError: controlUnavailable, JobNotFound: missing })
      ),

      history: Effect.fnUntraced(
        function* (id: string, query: { readonly limit?: number; readonly cursor?: string }) {
          const { limit = 50, cursor } = query
          const before = cursor === undefined ? null : entryBefore(cursor, id)
          if (before === undefined) {
            return yield* invalidField("cursor", "is not the next_cursor of this job's history")
          }
          const job = yield* store.find(id)
          const found = yield* histories.of(job.id, { limit: limit + 1, before })
          return pageOf(found, limit, (last) => encodeCursor(last.at, "history", id))
        },
        Effect.catchTags({ JobStoreError: controlUnavailable, JobNotFound: missing })
      ),

      skip: Effect.fnUntraced(
        function* (id: string, skip: { readonly position: string; readonly reason: string }, by: string) {
          const before = yield* store.hold(id)
          const job = yield* store.skip(id, { ...skip, by })
          yield* noted(before, job, job.version === before.version)
          return yield* show(job)
        },
        Effect.catchTags({
          JobStoreError: controlUnavailable,
          JobNotFound: missing,
          InvalidTransition: refused,
          SkipRefused: (error) =>
            Effect.fail(new NotTheFailure({ detail: error.message, failed_at: error.failedAt }))
        })
      )
    }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
