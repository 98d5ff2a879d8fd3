import { PgClient } from "@effect/sql-pg"
import { Effect, Option, Schema } from "effect"
import { jobStatuses } from "../domain/JobStatus.ts"
import { gauge, metricSet } from "../runtime/metrics/Metric.ts"
import { processRoles } from "./api/ProcessJson.ts"

/** A database that takes longer tells nothing: a scrape must not wait for it. */
const patience = "2 seconds"

const metrics = {
  up: gauge("walstream_control_database_up", "Whether the control database answered this scrape"),
  jobs: gauge("walstream_jobs", "Jobs by status", "status"),
  active: gauge(
    "walstream_jobs_active",
    "Jobs that somebody waits for: those that wait for a worker, and those that run",
    "state"
  ),
  halted: gauge(
    "walstream_jobs_halted",
    "Jobs that have failed on their way, whatever at, or whose workers died of them, until they are resumed or cancelled"
  ),
  expired: gauge(
    "walstream_job_lease_expired",
    "Running jobs whose lease has run out and which no worker has taken over",
    "state"
  ),
  processes: gauge(
    "walstream_processes",
    "Processes by role that were heard of through the control database within ten seconds",
    "role"
  ),
  silent: gauge(
    "walstream_processes_silent",
    "Those that were not, nor have said that they stop, within an hour",
    "role"
  )
}

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ kind: Schema.String, name: Schema.String, count: Schema.Int }))
)

const look = Effect.flatMap(PgClient.PgClient, (sql) =>
  Effect.flatMap(
    sql`
      SELECT 'jobs' AS kind, status AS name, count(*)::int4 AS count FROM jobs GROUP BY status
      UNION ALL
      SELECT 'halted', 'failed', count(*)::int4 FROM jobs
        WHERE status = 'failed' AND (checkpoint_seq IS NOT NULL OR error_code IN ('takeovers', 'internal'))
      UNION ALL
      SELECT 'expired', 'running', count(*)::int4 FROM jobs
        WHERE status = 'running' AND lease_expires_at <= clock_timestamp()
      UNION ALL
      SELECT CASE WHEN told_at < clock_timestamp() - interval '10 seconds' THEN 'silent' ELSE 'processes' END,
        role, count(*)::int4 FROM processes GROUP BY 1, 2`,
    decode
  )
).pipe(
  Effect.timeoutOption(patience),
  Effect.map(Option.getOrNull),
  Effect.orElseSucceed(() => null)
)

/** What the control database says of jobs and processes: each control process tells the same. */
export const jobMetrics = metricSet(
  metrics,
  Effect.map(look, (rows) => {
    const up = metrics.up.is(rows === null ? 0 : 1)
    if (rows === null) return [up]
    const counts = (kind: string, names: ReadonlyArray<string>) =>
      names.map((name) => {
        const row = rows.find((found) => found.kind === kind && found.name === name)
        return [name, row?.count ?? 0] as const
      })
    return [
      up,
      metrics.jobs.by(counts("jobs", jobStatuses)),
      metrics.active.by(counts("jobs", ["queued", "running"])),
      metrics.halted.is(counts("halted", ["failed"])[0]?.[1] ?? 0),
      metrics.expired.by(counts("expired", ["running"])),
      metrics.processes.by(counts("processes", processRoles)),
      metrics.silent.by(counts("silent", processRoles))
    ]
  })
)
