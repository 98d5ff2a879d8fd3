import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Whoever keeps a connection open for a user hears at once that its login has changed: the payload is the user's id. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION notify_user_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('walstream_users', OLD.id::text);
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER users_notify AFTER UPDATE OF role, is_active OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION notify_user_change()`
})
