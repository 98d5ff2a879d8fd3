import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/*
 * Replay jobs. Times are exact to the microsecond, as PostgreSQL keeps them. A speed of null means "max".
 * `worker_key` is the advisory lock that the worker's process holds for as long as its session lives.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE jobs (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      name text,
      status text NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled')
      ),
      start_time timestamptz,
      end_time timestamptz,
      start_lsn pg_lsn,
      end_lsn pg_lsn,
      speed_factor float8 CHECK (speed_factor BETWEEN 0.1 AND 100),
      tables text[],
      operations text[],
      target text NOT NULL,
      dry_run boolean NOT NULL,
      dedupe text NOT NULL,
      on_mismatch text NOT NULL,
      max_gap_seconds float8,
      follow boolean NOT NULL,
      strict_source boolean NOT NULL,
      start_seq bigint,
      end_seq bigint,
      store text,
      store_reason text,
      events_total bigint,
      checkpoint_seq bigint,
      checkpoint_ordinal bigint,
      checkpoint_position text,
      checkpoint_time timestamptz,
      checkpoint_hints jsonb NOT NULL DEFAULT '{}',
      events_processed bigint NOT NULL DEFAULT 0,
      events_duplicate bigint NOT NULL DEFAULT 0,
      events_converged bigint NOT NULL DEFAULT 0,
      error_code text,
      error_message text,
      error_position text,
      worker text,
      worker_key bigint,
      lease_epoch integer NOT NULL DEFAULT 0,
      lease_expires_at timestamptz,
      takeovers integer NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      started_at timestamptz,
      completed_at timestamptz,
      version integer NOT NULL DEFAULT 1,
      CONSTRAINT jobs_lease_only_while_running CHECK (
        (status = 'running') = (worker IS NOT NULL)
        AND (worker IS NULL) = (lease_expires_at IS NULL)
        AND (worker IS NULL) = (worker_key IS NULL)
      )
    )`
  yield* sql`CREATE INDEX jobs_newest_first ON jobs (created_at DESC, id DESC)`
  yield* sql`CREATE INDEX jobs_to_run ON jobs (created_at, id) WHERE status IN ('queued', 'running')`
  yield* sql`
    CREATE FUNCTION notify_job_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('walstream_jobs', COALESCE(NEW.id, OLD.id)::text);
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER jobs_notify AFTER INSERT OR UPDATE OR DELETE ON jobs
    FOR EACH ROW EXECUTE FUNCTION notify_job_change()`
})
