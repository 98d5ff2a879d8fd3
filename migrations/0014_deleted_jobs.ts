import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Jobs that are gone and may have left a row in a target's ledger: it is removed once nobody needs it. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE deleted_jobs (
      id uuid PRIMARY KEY,
      deleted_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`
  yield* sql`
    CREATE FUNCTION note_deleted_job() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO deleted_jobs (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER jobs_note_deletion AFTER DELETE ON jobs
    FOR EACH ROW WHEN (OLD.started_at IS NOT NULL AND NOT OLD.dry_run) EXECUTE FUNCTION note_deleted_job()`
})
