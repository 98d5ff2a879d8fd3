import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { checkRevision, expectedRevision, foundRevision, migrate } from "../../src/control/Migrations.ts"
import { emptyDatabase, TestServer } from "./TestControl.ts"

layer(TestServer.layer, { timeout: "60 seconds", excludeTestServices: true })("Migrations", (it) => {
  it.effect("refuses an unmigrated database and names the command, then migrates it once", () =>
    Effect.gen(function* () {
      const expected = yield* expectedRevision
      assert.isAtLeast(expected, 2)
      const refused = yield* Effect.flip(checkRevision)
      assert.include(refused, { _tag: "RevisionMismatch", found: 0, expected })
      assert.include(refused.message, "npx walstream migrate")
      assert.strictEqual(yield* foundRevision, 0) // the check wrote nothing

      const applied = yield* migrate
      assert.deepStrictEqual(applied.slice(0, 2), ["0001_jobs", "0002_users"])
      assert.strictEqual(yield* checkRevision, expected)
      assert.deepStrictEqual(yield* migrate, [])
    }).pipe(Effect.provide(emptyDatabase("once")))
  )

  it.effect("two processes may migrate at the same time", () =>
    Effect.gen(function* () {
      const both = yield* Effect.all([migrate, migrate], { concurrency: 2 })
      assert.lengthOf(both.flat(), new Set(both.flat()).size)
      yield* checkRevision
    }).pipe(Effect.provide(emptyDatabase("both")))
  )

  it.effect("refuses a database of a newer version", () =>
    Effect.gen(function* () {
      yield* migrate
      const sql = yield* PgClient.PgClient
      yield* sql`INSERT INTO walstream_migrations (migration_id, name) VALUES (9999, 'later')`
      const refused = yield* Effect.flip(checkRevision)
      assert.include(refused.message, "newer version (migration 9999)")
      assert.include(yield* Effect.flip(migrate), { _tag: "RevisionMismatch" })
    }).pipe(Effect.provide(emptyDatabase("newer")))
  )

  it.effect("refuses a database that was passed by: all numbers count, not the highest alone", () =>
    Effect.gen(function* () {
      yield* migrate
      const sql = yield* PgClient.PgClient
      yield* sql`DELETE FROM walstream_migrations WHERE migration_id = 3`
      const refused = yield* Effect.flip(checkRevision)
      assert.include(refused.message, "was never given migration 0003")
      assert.include((yield* Effect.flip(migrate)).message, "was never given migration 0003")
    }).pipe(Effect.provide(emptyDatabase("passed")))
  )
})
