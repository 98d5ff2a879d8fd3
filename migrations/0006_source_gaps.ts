import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Holes between a source and its history that an admin has accepted: who, when, why, and from where to where. `gap` is
 * the name that capture gives to a hole; `incarnation` is the life of the source that ended there. Written before the
 * next life begins, so `to_lsn` comes later. Never removed.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE source_gaps (
      source text NOT NULL,
      gap text NOT NULL,
      incarnation integer NOT NULL,
      cause text NOT NULL,
      message text NOT NULL,
      from_lsn pg_lsn NOT NULL,
      to_lsn pg_lsn,
      reason text NOT NULL,
      accepted_by text NOT NULL,
      accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (source, gap)
    )`
})
