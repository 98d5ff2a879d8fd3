import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** The name of the history in which a job's window was decided: start_seq and end_seq count in it. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE jobs ADD COLUMN history text`
})
