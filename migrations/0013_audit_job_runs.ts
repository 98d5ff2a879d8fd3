import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** What workers do with a job because somebody started it is on record beside who did, in the same transaction. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION audit_job_run() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit_log (actor, action, target, outcome, door, before, after)
      VALUES (
        'system',
        CASE NEW.status WHEN 'running' THEN 'jobs.run' WHEN 'completed' THEN 'jobs.complete' ELSE 'jobs.fail' END,
        NEW.id::text,
        CASE NEW.status WHEN 'failed' THEN 'failed' ELSE 'done' END,
        'system',
        jsonb_build_object('status', OLD.status),
        jsonb_strip_nulls(jsonb_build_object(
          'status', NEW.status, 'worker', coalesce(NEW.worker, OLD.worker), 'error_code', NEW.error_code,
          'error_position', NEW.error_position))
      );
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER jobs_audit_run AFTER UPDATE OF status ON jobs FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('running', 'completed', 'failed'))
    EXECUTE FUNCTION audit_job_run()`
})
