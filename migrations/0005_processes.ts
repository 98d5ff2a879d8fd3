import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * What each process of the deployment tells of itself: its supervision tree, and an ingestor its source. News, not a
 * record: lost with a crash of the server (hence unlogged), told again within seconds.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE UNLOGGED TABLE processes (
      id uuid PRIMARY KEY,
      role text NOT NULL,
      host text NOT NULL,
      pid integer NOT NULL,
      version text NOT NULL,
      started_at timestamptz NOT NULL,
      told_at timestamptz NOT NULL,
      actors jsonb NOT NULL,
      source jsonb
    ) WITH (fillfactor = 50)`
})
