import type { PgClient } from "@effect/sql-pg"
import { Effect, Option } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { type JobStore, JobStoreError, LeaseLost } from "../replay/JobStore.ts"
import type { ControlSession } from "./ControlSession.ts"
import { columnsOf, jobStoreError, jobsOf, timeParameter } from "./JobQuery.ts"

type Leases = Pick<
  JobStore["Service"],
  "acquire" | "renew" | "plan" | "progress" | "complete" | "fail" | "release"
>

/** How often a job may be taken over in a row, neither with progress nor at rest, before it is failed instead. */
const maxTakeovers = 2

const freeLease = "worker = NULL, worker_key = NULL, lease_expires_at = NULL, version = version + 1"

/**
 * The workers' side of the job store. What a holder writes is conditional on its epoch and on the job still
 * running, so whoever lost the lease, or whose job was paused, changes nothing.
 */
export const makeJobLeases = (sql: PgClient.PgClient, session: ControlSession): Leases => {
  const columns = columnsOf(sql)
  const cleared = sql.literal(freeLease)

  const lost = Effect.fnUntraced(function* (jobId: string) {
    const [row] = yield* sql<{ readonly status: string }>`SELECT status FROM jobs WHERE id = ${jobId}`.pipe(
      Effect.mapError(jobStoreError)
    )
    return yield* new LeaseLost({ jobId, status: row?.status ?? null })
  })

  /** Of a running job under this epoch; LeaseLost when there is none. */
  const write = (jobId: string, epoch: number, assignments: Fragment) =>
    sql<{ readonly one: number }>`
      UPDATE jobs SET ${assignments}
      WHERE id = ${jobId} AND lease_epoch = ${epoch} AND status = 'running' RETURNING 1 AS one`.pipe(
      Effect.mapError(jobStoreError),
      Effect.flatMap((rows) => (rows.length === 0 ? lost(jobId) : Effect.void))
    )

  /**
   * A running job is free when its lease has expired, or when the session lock of its worker's process is gone.
   * `hopeless` is one that was taken over too often while it was worked on.
   */
  const take = (worker: string, leaseSeconds: number) => sql`
    WITH live AS MATERIALIZED (
      SELECT (l.classid::int8 << 32) | l.objid::int8 AS key
      FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    ), free AS (
      SELECT f.id, f.worker AS former, f.status = 'running' AS running,
        f.status = 'running' AND f.takeovers >= ${maxTakeovers} AS hopeless
      FROM jobs f
      WHERE f.status = 'queued' OR (
        f.status = 'running' AND (
          f.lease_expires_at <= clock_timestamp() OR NOT EXISTS (SELECT FROM live WHERE live.key = f.worker_key)
        )
      )
      ORDER BY f.created_at, f.id LIMIT 1 FOR UPDATE OF f SKIP LOCKED
    )
    UPDATE jobs AS j SET
      status = CASE WHEN hopeless THEN 'failed' ELSE 'running' END,
      worker = CASE WHEN hopeless THEN NULL ELSE ${worker}::text END,
      worker_key = CASE WHEN hopeless THEN NULL ELSE ${session.key}::int8 END,
      lease_expires_at = CASE WHEN hopeless THEN NULL
        ELSE clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8) END,
      lease_epoch = j.lease_epoch + 1,
      takeovers = CASE WHEN running THEN takeovers + 1 ELSE takeovers END,
      started_at = COALESCE(started_at, clock_timestamp()),
      completed_at = CASE WHEN hopeless THEN clock_timestamp() END,
      error_code = CASE WHEN hopeless THEN 'takeovers' END,
      error_message = CASE WHEN hopeless THEN
        'its worker was lost ' || takeovers + 1 || ' times in a row without progress, at last ' || former END,
      error_position = CASE WHEN hopeless THEN checkpoint_position END,
      version = version + 1
    FROM free WHERE j.id = free.id RETURNING ${columns}`

  return {
    acquire: Effect.fnUntraced(function* (worker, leaseSeconds) {
      yield* session.held.pipe(
        Effect.timeoutOrElse({
          duration: "5 seconds",
          orElse: () =>
            Effect.fail(
              new JobStoreError({ detail: "no session that says this worker is alive", isRetryable: true })
            )
        })
      )
      while (true) {
        const [job] = yield* jobsOf(take(worker, leaseSeconds))
        if (job === undefined) return Option.none()
        if (job.status === "running") return Option.some(job)
        yield* Effect.logWarning("a job failed: its workers were lost without progress").pipe(
          Effect.annotateLogs({ job_id: job.id })
        )
      }
    }),

    renew: Effect.fnUntraced(function* (jobId, epoch, leaseSeconds, atRest) {
      const [job] = yield* jobsOf(sql`
        UPDATE jobs AS j SET version = version + 1,
          takeovers = CASE WHEN ${atRest}::boolean THEN 0 ELSE takeovers END,
          lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8)
        WHERE id = ${jobId} AND lease_epoch = ${epoch} AND status = 'running' RETURNING ${columns}`)
      return job ?? (yield* lost(jobId))
    }),

    plan: (jobId, epoch, plan) =>
      write(
        jobId,
        epoch,
        sql`history = ${plan.history}, start_seq = ${plan.range.start}::int8, end_seq = ${plan.range.end}::int8,
          store = ${plan.store}, store_reason = ${plan.storeReason}, events_total = ${plan.changes}::int8, version = version + 1`
      ),

    progress: (jobId, epoch, checkpoint, added) =>
      write(
        jobId,
        epoch,
        sql`checkpoint_seq = ${checkpoint.position.seq}::int8,
          checkpoint_ordinal = ${checkpoint.position.ordinal}::int8,
          checkpoint_position = ${checkpoint.outer},
          checkpoint_time = ${timeParameter(checkpoint.commitTime)}::timestamptz,
          checkpoint_hints = ${sql.json(checkpoint.hints)},
          events_processed = events_processed + ${added.processed}::int8,
          events_duplicate = events_duplicate + ${added.duplicate}::int8,
          events_converged = events_converged + ${added.converged}::int8,
          takeovers = 0, version = version + 1`
      ),

    complete: (jobId, epoch) =>
      write(jobId, epoch, sql`status = 'completed', completed_at = clock_timestamp(), ${cleared}`),

    fail: (jobId, epoch, failure) =>
      write(
        jobId,
        epoch,
        sql`status = 'failed', completed_at = clock_timestamp(), error_code = ${failure.code},
          error_message = ${failure.message}, error_position = ${failure.position}, ${cleared}`
      ),

    release: (jobId, epoch) => write(jobId, epoch, sql`status = 'queued', ${cleared}`)
  }
}
