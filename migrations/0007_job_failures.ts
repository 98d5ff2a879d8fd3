import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Each time that a job failed, whoever wrote it down; and the changes that people told a job to pass over:
 * `[{position, reason, by, at}]`, `at` in microseconds since 1970.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE jobs ADD COLUMN skips jsonb NOT NULL DEFAULT '[]'`
  yield* sql`
    CREATE TABLE job_failures (
      id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
      job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
      epoch integer NOT NULL,
      code text NOT NULL,
      message text NOT NULL,
      position text,
      failed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`
  yield* sql`CREATE INDEX job_failures_newest_first ON job_failures (job_id, id DESC)`
  yield* sql`
    CREATE FUNCTION note_job_failure() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO job_failures (job_id, epoch, code, message, position)
      VALUES (NEW.id, NEW.lease_epoch, NEW.error_code, NEW.error_message, NEW.error_position);
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER jobs_note_failure AFTER UPDATE OF status ON jobs
    FOR EACH ROW WHEN (NEW.status = 'failed' AND OLD.status <> 'failed') EXECUTE FUNCTION note_job_failure()`
})
