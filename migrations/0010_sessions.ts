import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Where somebody is logged in. A refresh token has a part that stays, the `family`, and one that changes with each use; of
 * both only digests are kept. A session that has ended is gone; whoever keeps its user's logins in mind hears of it.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE users ADD COLUMN email text`
  yield* sql`CREATE UNIQUE INDEX users_email ON users (lower(email))`
  yield* sql`
    CREATE TABLE sessions (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      family_digest text NOT NULL UNIQUE,
      refresh_digest text NOT NULL,
      previous_digest text,
      address text NOT NULL,
      user_agent text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      ends_at timestamptz NOT NULL
    )`
  yield* sql`CREATE INDEX sessions_user ON sessions (user_id, used_at)`
  yield* sql`
    CREATE FUNCTION notify_login_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('walstream_users', OLD.user_id::text);
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER sessions_notify AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION notify_login_change()`
})
