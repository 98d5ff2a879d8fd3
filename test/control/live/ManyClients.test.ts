import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Tokens } from "../../../src/control/auth/Tokens.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { apiLayer, chunks, testSecret } from "../TestApi.ts"
import { subscribed } from "./LiveClient.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

const clients = 200

/** Twenty users, ten sockets each. */
const tokensOfMany = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const tokens = yield* Tokens
  const rows = yield* sql<{ readonly userId: string; readonly sessionId: string }>`
    WITH made AS (
      INSERT INTO users (username, password_hash, role)
      SELECT 'many-' || n, 'none', 'viewer' FROM generate_series(1, ${clients / 10}::int4) AS n RETURNING id)
    INSERT INTO sessions (user_id, family_digest, refresh_digest, address, user_agent, ends_at)
    SELECT id, id::text, '', '', '', now() + interval '1 hour' FROM made
    RETURNING user_id::text AS "userId", id::text AS "sessionId"`
  return yield* Effect.forEach(rows, (row) => tokens.issue({ ...row, until: Date.now() + 3_600_000 }))
}).pipe(Effect.provide(Tokens.layer({ secret: testSecret, seconds: 600 })))

layer(apiLayer("many", {}, memoryBuffer), { timeout: "60 seconds", excludeTestServices: true })(
  "200 clients",
  (it) => {
    it.effect(
      "are each given everything once, in order",
      () =>
        Effect.gen(function* () {
          yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
          const { state, capture } = makeCapture(3)
          const tokens = yield* tokensOfMany
          const all = yield* Effect.forEach(
            Array.from({ length: clients }, (_, i) => i),
            (i) => {
              const filter = i % 2 === 0 ? {} : { filter: { table: "public.orders" } }
              return subscribed(`?token=${tokens[i % tokens.length]}`, filter)
            },
            { concurrency: 20 }
          )
          for (let i = 0; i < 50; i++) {
            yield* capture(20)
            yield* all[i]?.events(20 * (i + 1)) ?? Effect.void
          }
          for (const client of all) {
            const events = yield* client.events(1000)
            assert.strictEqual(events.length, 1000)
            assert.isTrue(events.every((event, i) => event.seq === state.seq - 999 + i))
          }
        }).pipe(Effect.scoped),
      60_000
    )
  }
)
