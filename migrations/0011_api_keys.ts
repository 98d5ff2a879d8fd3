import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Keys for programs. `id` is the part of a key that may be shown; of the secret there is only a digest, and after it was
 * changed one of the secret before, for a while. `scopes` has spaces between.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE api_keys (
      id text COLLATE "C" PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      name text NOT NULL,
      scopes text NOT NULL CHECK (scopes ~ '^(read|jobs|admin)( (read|jobs|admin)){0,2}$'),
      digest text NOT NULL,
      former_digest text,
      former_until timestamptz,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      expires_at timestamptz,
      last_used_at timestamptz,
      version integer NOT NULL DEFAULT 1
    )`
  yield* sql`CREATE INDEX api_keys_age ON api_keys (created_at, id)`
  yield* sql`
    CREATE TRIGGER api_keys_notify AFTER UPDATE OF digest, expires_at OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION notify_login_change()`
})
