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
import {
  InvalidTransition,
  JobNotFound,
  type JobStore,
  JobStoreError,
  SkipRefused,
  VersionMoved
} from "../replay/JobStore.ts"
import { decodeJobCursor, encodeJobCursor } from "./JobCursor.ts"
import { columnsOf, jobsOf, timeParameter } from "./JobQuery.ts"
import { speedColumn } from "./JobRow.ts"
import { isRepeatedAction } from "./RepeatedAction.ts"
import { uuid } from "./Uuid.ts"

type Commands = Pick<
  JobStore["Service"],
  "create" | "find" | "hold" | "list" | "act" | "update" | "skip" | "remove"
>

const refusal = (job: Job, action: string): InvalidTransition =>
  new InvalidTransition({ jobId: job.id, from: job.status, action, allowed: allowedActions(job.status) })

/** The people's side of the job store: each a single conditional statement. */
export const makeJobCommands = (sql: PgClient.PgClient): Commands => {
  const columns = columnsOf(sql)

  const look = (lock: string) =>
    Effect.fnUntraced(function* (jobId: string) {
      // An id of another shape is nobody's, and the server would call it an error.
      if (!uuid.test(jobId)) return yield* new JobNotFound({ jobId })
      const [job] = yield* jobsOf(
        sql`SELECT ${columns} FROM jobs j WHERE j.id = ${jobId} ${sql.literal(lock)}`
      )
      return job ?? (yield* new JobNotFound({ jobId }))
    })
  const find = look("")

  const isAt = (versions: ReadonlyArray<number> | null) =>
    versions === null ? sql`true` : sql`version = ANY(${versions}::int8[])`

  const moved = (jobId: string) =>
    Effect.flatMap(find(jobId), ({ version }) => Effect.fail(new VersionMoved({ jobId, version })))

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

  const commands: Commands = {
    find,
    hold: look("FOR UPDATE OF j"),
    act,

    create: (spec) =>
      Effect.flatMap(jobsOf(insert(spec)), ([job]) =>
        job === undefined
          ? Effect.fail(new JobStoreError({ detail: "the new job came back empty", isRetryable: false }))
          : Effect.succeed(job)
      ),

    list: Effect.fnUntraced(function* ({ limit, cursor, ...filter }) {
      const { statuses, createdAfter, oldestFirst } = filter
      const after = cursor === null ? null : decodeJobCursor(cursor, filter)
      if (after === undefined) {
        return yield* new JobStoreError({ detail: "the cursor is of another list", isRetryable: false })
      }
      const place = after === null ? null : [timeParameter(after.createdAt), after.id]
      const beyond =
        place === null
          ? sql`true`
          : oldestFirst
            ? sql`(j.created_at, j.id) > (${place[0]}::timestamptz, ${place[1]}::uuid)`
            : sql`(j.created_at, j.id) < (${place[0]}::timestamptz, ${place[1]}::uuid)`
      const young =
        createdAfter === null ? sql`true` : sql`j.created_at > ${timeParameter(createdAfter)}::timestamptz`
      const order = oldestFirst ? sql`j.created_at, j.id` : sql`j.created_at DESC, j.id DESC`
      const found = yield* jobsOf(sql`
        SELECT ${columns} FROM jobs j
        WHERE j.status = ANY(${statuses ?? jobStatuses}) AND ${young} AND ${beyond}
        ORDER BY ${order} LIMIT ${limit + 1}`)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return {
        items,
        next: found.length > limit && last !== undefined ? encodeJobCursor(last, filter) : null
      }
    }),

    update: Effect.fnUntraced(function* (jobId, change, versions = null) {
      yield* find(jobId)
      const [changed] = yield* jobsOf(sql`
        UPDATE jobs AS j SET
          name = CASE WHEN ${change.name !== undefined} THEN ${change.name ?? null}::text ELSE name END,
          speed_factor = CASE WHEN ${change.speed !== undefined}
            THEN ${speedColumn(change.speed ?? "max")}::float8 ELSE speed_factor END,
          version = version + 1
        WHERE id = ${jobId} AND ${isAt(versions)} RETURNING ${columns}`)
      // Moved, or gone in the meantime.
      return changed ?? (yield* moved(jobId))
    }),

    skip: Effect.fnUntraced(function* (jobId, { position, reason, by }) {
      const before = yield* find(jobId)
      if (before.skips.some((skip) => skip.position === position)) return before
      if (before.status !== "failed") return yield* refusal(before, "skip")
      const failedAt = before.failure?.position ?? null
      if (failedAt !== position) return yield* new SkipRefused({ jobId, position, failedAt })
      const [changed] = yield* jobsOf(sql`
        UPDATE jobs AS j SET version = version + 1, skips = skips || jsonb_build_array(jsonb_build_object(
          'position', ${position}::text, 'reason', ${reason}::text, 'by', ${by}::text,
          'at', (extract(epoch FROM clock_timestamp()) * 1000000)::int8))
        WHERE id = ${jobId} AND status = 'failed' AND version = ${before.version} RETURNING ${columns}`)
      // Somebody was faster: look again.
      return changed ?? (yield* commands.skip(jobId, { position, reason, by }))
    }),

    remove: Effect.fnUntraced(function* (jobId, versions = null) {
      while (true) {
        const before = yield* find(jobId)
        const [removed] = yield* jobsOf(sql`
          DELETE FROM jobs AS j WHERE id = ${jobId} AND ${isAt(versions)}
            AND status <> ALL(${jobStatuses.filter(isActive)})
          RETURNING ${columns}`)
        if (removed !== undefined) return
        if (versions !== null && !versions.includes(before.version)) return yield* moved(jobId)
        if (isActive(before.status)) return yield* refusal(before, "delete")
      }
    })
  }
  return commands
}
