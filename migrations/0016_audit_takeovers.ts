import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A job that another worker takes from a lost one goes on running: its status does not say so, its lease's epoch does. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION audit_job_takeover() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit_log (actor, action, target, outcome, door, before, after)
      VALUES (
        'system', 'jobs.takeover', NEW.id::text, 'done', 'system',
        jsonb_build_object('worker', OLD.worker), jsonb_build_object('worker', NEW.worker)
      );
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER jobs_audit_takeover AFTER UPDATE OF lease_epoch ON jobs FOR EACH ROW
    WHEN (OLD.status = 'running' AND NEW.status = 'running' AND OLD.lease_epoch <> NEW.lease_epoch)
    EXECUTE FUNCTION audit_job_takeover()`
})
