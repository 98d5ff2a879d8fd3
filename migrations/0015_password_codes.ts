import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Codes by which people give themselves a password, once: whom an admin has made, or whose password it has reset. One for a user;
 * of the code there is only a digest.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE password_codes (
      user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
      digest text NOT NULL UNIQUE,
      expires_at timestamptz NOT NULL
    )`
})
