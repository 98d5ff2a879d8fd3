import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Statement } from "effect/sql/Statement"
import type { Job } from "../domain/Job.ts"
import { formatMicros, type Micros } from "../domain/Micros.ts"
import { JobStoreError } from "../replay/JobStore.ts"
import { explainSqlError } from "./ControlDatabase.ts"
import { decodeJob, jobColumns } from "./JobRow.ts"

export const jobStoreError = (error: SqlError): JobStoreError => new JobStoreError(explainSqlError(error))

/** The rows of a statement that selects `jobColumns`. */
export const jobsOf = (rows: Statement<object>): Effect.Effect<ReadonlyArray<Job>, JobStoreError> =>
  rows.withoutTransform.pipe(
    Effect.mapError(jobStoreError),
    Effect.flatMap((found) => {
      const jobs: Array<Job> = []
      for (const row of found) {
        const decoded = decodeJob(row)
        if (!decoded.ok) return Effect.fail(new JobStoreError({ detail: decoded.detail, isRetryable: false }))
        jobs.push(decoded.job)
      }
      return Effect.succeed(jobs)
    })
  )

/** The select list for `FROM jobs j` or `UPDATE jobs j … RETURNING`. */
export const columnsOf = (sql: PgClient.PgClient) => sql.literal(jobColumns)

/** As a parameter for `::timestamptz`: exact to the microsecond. */
export const timeParameter = (time: Micros | null): string | null =>
  time === null ? null : formatMicros(time)
