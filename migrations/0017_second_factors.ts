import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Second factors: the secret is sealed by a key that is not in the database, and asked for once `confirmed_at` is there. `last_step`
 * is the newest one whose code was taken. Recovery codes are there as digests, and removed with their use.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE second_factors (
      user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
      sealed_secret text NOT NULL,
      confirmed_at timestamptz,
      last_step bigint NOT NULL DEFAULT 0,
      failures integer NOT NULL DEFAULT 0,
      failed_at timestamptz
    )`
  yield* sql`
    CREATE TABLE recovery_codes (
      user_id uuid NOT NULL REFERENCES second_factors ON DELETE CASCADE,
      digest text NOT NULL,
      PRIMARY KEY (user_id, digest)
    )`
})
