import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { Job, JobSpec } from "../domain/Job.ts"
import {
  allowedActions,
  isActive,
  type JobAction,
  jobStatuses,
  statusesAllowing
} from "../domain/JobStatus.ts"
import { formatLsn } from "../domain/Lsn.ts"
import { InvalidTransition, JobNotFound, type JobStore, JobStoreError } from "../replay/JobStore.ts"
import { decodeJobCursor, encodeJobCursor } from "./JobCursor.ts"
import { columnsOf, jobsOf, timeParameter } from "./JobQuery.ts"
import { speedColumn } from "./JobRow.ts"
import { isRepeatedAction } from "./RepeatedAction.ts"

type Commands = Pick<JobStore["Service"], "create" | "find" | "list" | "act" | "update" | "remove">

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu

const refusal = (job: Job, action: string): InvalidTransition =>
  new InvalidTransition({ jobId: job.id, from: job.status, action, allowed: allowedActions(job.status) })

/** The people's side of the job store: each a single conditional statement. */
export const makeJobCommands = (sql: PgClient.PgClient): Commands => {
  const columns = columnsOf(sql)

  const find = Effect.fnUntraced(function* (jobId: string) {
    // An id of another shape is nobody's, and the server would call it an error.
    if (!uuid.test(jobId)) return yield* new JobNotFound({ jobId })
    const [job] = yield* jobsOf(sql`SELECT ${columns} FROM jobs j WHERE j.id = ${jobId}`)
    return job ?? (yield* new JobNotFound({ jobId }))
  })

  const insert = (spec: JobSpec) => sql`
    INSERT INTO jobs AS j (
      name, start_time, end_time, start_lsn, end_lsn, speed_factor, tables, operations, target, dry_run, dedupe,
      on_mismatch, max_gap_seconds, follow, strict_source
    ) VALUES (
      ${spec.name},
      ${timeParameter(spec.startTime)}::timestamptz,
      ${timeParameter(spec.endTime)}::timestamptz,
      ${spec.startLsn === null ? null : formatLsn(spec.startLsn)}::pg_lsn,
      ${spec.endLsn === null ? null : formatLsn(spec.endLsn)}::pg_lsn,
      ${speedColumn(spec.speed)}::float8,
      ${spec.tables}::text[],
      ${spec.operations}::text[],
      ${spec.target},
      ${spec.dryRun},
      ${spec.dedupe},
      ${spec.onMismatch},
      ${spec.maxGapSeconds}::float8,
      ${spec.follow},
      ${spec.strictSource}
    ) RETURNING ${columns}`

  /** `pause` and `cancel` clear worker and lease here, `resume` the failure: in the statement that changes the status. */
  const statements: { readonly [A in JobAction]: (jobId: string) => ReturnType<typeof insert> } = {
    start: (jobId) => sql`
      UPDATE jobs AS j SET status = 'queued', version = version + 1
      WHERE id = ${jobId} AND status = ANY(${statusesAllowing("start")}) RETURNING ${columns}`,
    resume: (jobId) => sql`
      UPDATE jobs AS j SET status = 'queued', takeovers = 0, completed_at = NULL,
        error_code = NULL, error_message = NULL, error_position = NULL, version = version + 1
      WHERE id = ${jobId} AND status = ANY(${statusesAllowing("resume")}) RETURNING ${columns}`,
    pause: (jobId) => sql`
      UPDATE jobs AS j SET status = 'paused',
        worker = NULL, worker_key = NULL, lease_expires_at = NULL, version = version + 1
      WHERE id = ${jobId} AND status = ANY(${statusesAllowing("pause")}) RETURNING ${columns}`,
    cancel: (jobId) => sql`
      UPDATE jobs AS j SET status = 'cancelled', completed_at = clock_timestamp(),
        worker = NULL, worker_key = NULL, lease_expires_at = NULL, version = version + 1
      WHERE id = ${jobId} AND status = ANY(${statusesAllowing("cancel")}) RETURNING ${columns}`
  }

  const act: Commands["act"] = Effect.fnUntraced(function* (jobId, action) {
    while (true) {
      const before = yield* find(jobId)
      const [changed] = yield* jobsOf(statements[action](jobId))
      if (changed !== undefined) return changed
      if (isRepeatedAction(action, before.status)) return before
      // Only refuse what was refusable when we looked: a worker may have changed the status in between.
      if (!statusesAllowing(action).includes(before.status)) return yield* refusal(before, action)
    }
  })

  return {
    find,
    act,

    create: (spec) =>
      Effect.flatMap(jobsOf(insert(spec)), ([job]) =>
        job === undefined
          ? Effect.fail(new JobStoreError({ detail: "the new job came back empty", isRetryable: false }))
          : Effect.succeed(job)
      ),

    list: Effect.fnUntraced(function* ({ statuses, limit, cursor }) {
      const after = cursor === null ? null : decodeJobCursor(cursor, statuses)
      if (after === undefined) {
        return yield* new JobStoreError({ detail: "the cursor is of another list", isRetryable: false })
      }
      const older =
        after === null
          ? sql`true`
          : sql`(j.created_at, j.id) < (${timeParameter(after.createdAt)}::timestamptz, ${after.id}::uuid)`
      const found = yield* jobsOf(sql`
        SELECT ${columns} FROM jobs j
        WHERE j.status = ANY(${statuses ?? jobStatuses}) AND ${older}
        ORDER BY j.created_at DESC, j.id DESC LIMIT ${limit + 1}`)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return {
        items,
        next: found.length > limit && last !== undefined ? encodeJobCursor(last, statuses) : null
      }
    }),

    update: Effect.fnUntraced(function* (jobId, change) {
      yield* find(jobId)
      const [changed] = yield* jobsOf(sql`
        UPDATE jobs AS j SET
          name = CASE WHEN ${change.name !== undefined} THEN ${change.name ?? null}::text ELSE name END,
          speed_factor = CASE WHEN ${change.speed !== undefined}
            THEN ${speedColumn(change.speed ?? "max")}::float8 ELSE speed_factor END,
          version = version + 1
        WHERE id = ${jobId} RETURNING ${columns}`)
      return changed ?? (yield* new JobNotFound({ jobId }))
    }),

    remove: Effect.fnUntraced(function* (jobId) {
      while (true) {
        const before = yield* find(jobId)
        const [removed] = yield* jobsOf(sql`
          DELETE FROM jobs AS j WHERE id = ${jobId} AND status <> ALL(${jobStatuses.filter(isActive)})
          RETURNING ${columns}`)
        if (removed !== undefined) return
        if (isActive(before.status)) return yield* refusal(before, "delete")
      }
    })
  }
}
