import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Who did what, and who was refused. Rows are only ever added: the database itself numbers, times and chains each one by
 * SHA-256 over its content and the hash before it, and refuses to change or remove any, to the owner and to a superuser
 * too. `audit_head` is the newest row's number and hash: writers wait for each other there, and a removed end shows.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE audit_log (
      seq bigint PRIMARY KEY,
      at timestamptz NOT NULL,
      actor_id text,
      actor text,
      credential text,
      action text NOT NULL,
      target text,
      outcome text NOT NULL CHECK (outcome IN ('done', 'unchanged', 'refused', 'failed')),
      status integer,
      problem text,
      repeats integer NOT NULL DEFAULT 1,
      door text NOT NULL CHECK (door IN ('http', 'rpc', 'system')),
      address text,
      request_id text,
      before jsonb,
      after jsonb,
      hash bytea NOT NULL
    )`
  yield* sql`CREATE INDEX audit_log_at ON audit_log (at)`
  yield* sql`CREATE INDEX audit_log_actor ON audit_log (actor, seq)`
  yield* sql`CREATE INDEX audit_log_action ON audit_log (action, seq)`
  yield* sql`CREATE INDEX audit_log_target ON audit_log (target, seq)`
  yield* sql`CREATE INDEX audit_log_outcome ON audit_log (outcome, seq)`
  yield* sql`
    CREATE TABLE audit_head (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      seq bigint NOT NULL,
      hash bytea NOT NULL
    )`
  yield* sql`INSERT INTO audit_head (seq, hash) VALUES (0, '')`

  // With its length before each: no two contents have the same text.
  yield* sql`
    CREATE FUNCTION audit_field(text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT coalesce(octet_length($1) || ':' || $1, '-') $$`
  yield* sql`
    CREATE FUNCTION audit_time(timestamptz) RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$`
  yield* sql`
    CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      head audit_head;
    BEGIN
      SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
      NEW.seq := head.seq + 1;
      NEW.at := clock_timestamp();
      NEW.hash := sha256(head.hash || convert_to(concat_ws(',',
        audit_field(NEW.seq::text), audit_field(audit_time(NEW.at)), audit_field(NEW.actor_id),
        audit_field(NEW.actor), audit_field(NEW.credential), audit_field(NEW.action), audit_field(NEW.target),
        audit_field(NEW.outcome), audit_field(NEW.status::text), audit_field(NEW.problem),
        audit_field(NEW.repeats::text), audit_field(NEW.door), audit_field(NEW.address),
        audit_field(NEW.request_id), audit_field(NEW.before::text), audit_field(NEW.after::text)), 'UTF8'));
      UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
      RETURN NEW;
    END $$`
  yield* sql`
    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
    END $$`

  yield* sql`CREATE TRIGGER audit_append BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_append()`
  yield* sql`
    CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()`
  // The head moves from within the trigger above, and from nowhere else.
  yield* sql`
    CREATE TRIGGER audit_refuse_update BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_refuse()`
  yield* sql`
    CREATE TRIGGER audit_refuse BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()`
  // Also where a session says that it only applies what another server has done.
  yield* sql`ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_append`
  yield* sql`ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_refuse`
  yield* sql`ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_refuse_update`
  yield* sql`ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_refuse`
  yield* sql`REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM PUBLIC, CURRENT_USER`
  yield* sql`REVOKE DELETE, TRUNCATE ON audit_head FROM PUBLIC, CURRENT_USER`
})
