import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { isFinal, jobStatuses } from "../domain/JobStatus.ts"
import type { JobStore } from "../replay/JobStore.ts"
import { jobStoreError } from "./JobQuery.ts"
import { uuid } from "./Uuid.ts"

/** Which jobs never go on, deleted ones included: a trigger on `jobs` notes those that may have applied something. */
export const makeFinishedJobs = (
  sql: PgClient.PgClient
): Pick<JobStore["Service"], "finished" | "dropDeleted"> => ({
  finished: (jobIds) => {
    // Whoever else writes to the same targets may name his jobs as he likes.
    const ids = jobIds.filter((id) => uuid.test(id))
    return sql<{ readonly id: string }>`
      SELECT id::text AS id FROM jobs WHERE id = ANY(${ids}::uuid[]) AND status = ANY(${jobStatuses.filter(isFinal)})
      UNION SELECT id::text FROM deleted_jobs WHERE id = ANY(${ids}::uuid[])`.pipe(
      Effect.mapBoth({ onFailure: jobStoreError, onSuccess: (rows) => rows.map(({ id }) => id) })
    )
  },

  dropDeleted: (days) =>
    sql`DELETE FROM deleted_jobs WHERE deleted_at < now() - make_interval(days => ${days}::int4)`.pipe(
      Effect.mapError(jobStoreError),
      Effect.asVoid
    )
})
