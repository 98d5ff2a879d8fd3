import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Answers to requests that came with an `Idempotency-Key`, for a day: who, where, which key, and what was asked. */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE idempotency_keys (
      principal text NOT NULL,
      route text NOT NULL,
      key text NOT NULL,
      body_hash text NOT NULL,
      status integer NOT NULL,
      headers jsonb NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (principal, route, key)
    )`
  yield* sql`CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)`
})
