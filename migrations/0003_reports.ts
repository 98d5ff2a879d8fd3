import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/*
 * What processes tell the control plane beside the jobs.
 *
 * `job_runs`: how the run of a job goes, told each second by the process that runs it. It is news, not a record: lost
 * with a crash of the server (hence unlogged), no hint to workers, and believed only as long as it is fresh and of the
 * job's epoch.
 *
 * `coverage_starts`: where in a history a table joined, or lost or gained its replica identity; `coverage_noted`: up
 * to which transaction of that history they were looked for.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE UNLOGGED TABLE job_runs (
      job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
      epoch integer NOT NULL,
      told_at timestamptz NOT NULL,
      live jsonb NOT NULL
    ) WITH (fillfactor = 50)`
  yield* sql`
    CREATE TABLE coverage_starts (
      history text NOT NULL,
      seq bigint NOT NULL,
      table_name text NOT NULL,
      captured text NOT NULL CHECK (captured IN ('all', 'inserts')),
      commit_lsn pg_lsn NOT NULL,
      commit_time timestamptz NOT NULL,
      PRIMARY KEY (history, seq, table_name)
    )`
  yield* sql`
    CREATE TABLE coverage_noted (
      history text PRIMARY KEY,
      seq bigint NOT NULL
    )`
})
