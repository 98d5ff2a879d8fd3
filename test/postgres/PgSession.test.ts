import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { makeEmbeddedPostgres } from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg, inTransaction, pinnedSettings } from "../../src/postgres/PgSession.ts"
import { classify } from "../../src/postgres/PostgresError.ts"

class Server extends Context.Service<Server>()("walstream/test/postgres/Server", {
  make: Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-pg-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    return yield* makeEmbeddedPostgres({ directory, settings: { fsync: "off" } })
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

const connect = Effect.gen(function* () {
  const server = yield* Server
  return yield* connectPg({ url: server.url("postgres"), applicationName: "walstream-test" })
})

it("sorts SQLSTATEs by what to do about them", () => {
  assert.deepStrictEqual(
    ["ECONNREFUSED", "57P01", "40P01", "55P03", "53100", "53300", "28P01", "57014", "23505", "22P02"].map(
      classify
    ),
    [
      "unavailable",
      "unavailable",
      "contention",
      "contention",
      "resources",
      "unavailable",
      "refused",
      "cancelled",
      "rejected",
      "rejected"
    ]
  )
})

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("PgSession", (it) => {
  it.effect("pins the formats whatever the role's defaults are", () =>
    Effect.gen(function* () {
      const admin = yield* connect
      yield* admin.script(
        "ALTER ROLE postgres SET DateStyle = 'SQL, DMY'; ALTER ROLE postgres SET bytea_output = 'escape'; " +
          "ALTER ROLE postgres SET extra_float_digits = 0; ALTER ROLE postgres SET TimeZone = 'Asia/Tokyo'"
      )
      const session = yield* connect
      const [row] = yield* session.query(
        "SELECT '2026-02-01'::date AS d, '\\x00'::bytea AS b, 0.1::float8 + 0.2 AS f, '2026-01-01Z'::timestamptz AS t"
      )
      assert.deepStrictEqual(row, {
        d: "2026-02-01",
        b: "\\x00",
        f: "0.30000000000000004",
        t: "2026-01-01 00:00:00+00"
      })
      for (const [name, pinned] of Object.entries(pinnedSettings)) {
        const [shown] = yield* session.query("SELECT current_setting($1) AS value", [name])
        assert.include(shown?.["value"] ?? "", name === "search_path" ? '""' : pinned, name)
      }
      yield* admin.script("ALTER ROLE postgres RESET ALL")
    })
  )

  it.effect("never quotes a value in an error", () =>
    Effect.gen(function* () {
      const session = yield* connect
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY, n int CHECK (n > 0))")
      for (const sql of [
        "SELECT 'secret-value'::int",
        "INSERT INTO public.t VALUES (1, 1), (1, 1)",
        "INSERT INTO public.t VALUES (2, -77777)",
        "DO $$ BEGIN RAISE EXCEPTION 'secret-value'; END $$"
      ]) {
        const error = yield* Effect.flip(session.query(sql))
        assert.notMatch(`${error.message} ${JSON.stringify(error)}`, /secret-value|77777|\(1\)/u)
        assert.strictEqual(error.failure, "rejected")
      }
      const duplicate = yield* Effect.flip(session.query("INSERT INTO public.t VALUES (1, 1), (1, 1)"))
      assert.strictEqual(duplicate.constraint, "t_pkey")
      assert.strictEqual(duplicate.table, "public.t")
    })
  )

  it.effect("rolls back what failed and what was interrupted", () =>
    Effect.gen(function* () {
      const session = yield* connect
      const other = yield* connect
      yield* session.script("CREATE TABLE public.r (id int)")
      const insert = session.query("INSERT INTO public.r VALUES (1)")
      yield* Effect.flip(inTransaction(session, Effect.andThen(insert, Effect.fail("no"))))
      const slow = yield* inTransaction(session, Effect.andThen(insert, Effect.never)).pipe(Effect.forkChild)
      yield* other
        .query("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'")
        .pipe(Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("10 millis") }))
      yield* Fiber.interrupt(slow)
      assert.deepStrictEqual(yield* session.query("SELECT * FROM public.r"), [])
      yield* inTransaction(session, insert)
      assert.strictEqual((yield* other.query("SELECT * FROM public.r")).length, 1)
    })
  )

  it.effect("says what kind of trouble a connection is in", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const url = Redacted.value(server.url("postgres"))
      const failureOf = (changed: string) =>
        Effect.map(
          Effect.flip(
            Effect.scoped(connectPg({ url: Redacted.make(changed), applicationName: "walstream-test" }))
          ),
          (error) => error.failure
        )
      assert.strictEqual(yield* failureOf(url.replace(/:\d+\//u, ":1/")), "unavailable")
      assert.strictEqual(yield* failureOf(url.replace(/:[^:@]+@/u, ":wrong@")), "refused")
      assert.strictEqual(yield* failureOf(url.replace(/\/postgres$/u, "/nowhere")), "refused")
    })
  )
})
