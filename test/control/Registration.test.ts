import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { IpNetwork } from "effect/net"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const trustedProxies = [IpNetwork.fromStringUnsafe("127.0.0.0/8")]
const password = "correct horse battery"

/** As somebody at an address of its own: who is refused has to wait. */
let addresses = 0
const register = (
  username: string,
  email = `${username}@example.com`,
  address?: string,
  headers: Readonly<Record<string, string>> = {}
) => {
  addresses += 1
  return ask("/api/v1/auth/register", {
    body: { username, email, password },
    headers: { "x-forwarded-for": address ?? `192.0.2.${addresses}`, ...headers }
  })
}

const admins = Effect.flatMap(
  PgClient.PgClient,
  (sql) => sql<{ readonly username: string }>`SELECT username FROM users WHERE role = 'admin'`
)

layer(apiLayer("register", { trustedProxies }), { timeout: "60 seconds", excludeTestServices: true })(
  "registration that is closed",
  (it) => {
    it.effect("lets exactly one first user in, however many come at once, and then nobody", () =>
      Effect.gen(function* () {
        const names = Array.from({ length: 8 }, (_, i) => `first${i}`)
        const answers = yield* Effect.all(
          names.map((name) => register(name)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [201, ...Array(7).fill(403)])
        const made = answers.find(({ status }) => status === 201)
        assert.deepInclude(made?.json, { role: "admin", is_active: true, version: 1 })
        assert.match(made?.headers.get("etag") ?? "none", /^"1\./u)
        assert.notInclude(made?.text, "password")
        assert.deepStrictEqual(yield* admins, [{ username: String(member(made?.json ?? null, "username")) }])

        // A stranger does not learn which names there are.
        const [taken, free] = [
          yield* register(String(member(made?.json ?? null, "username"))),
          yield* register("somebody")
        ]
        assert.strictEqual(taken.status, 403)
        const { request_id: _a, trace_id: _b, ...one } = JSON.parse(taken.text)
        const { request_id: _c, trace_id: _d, ...other } = JSON.parse(free.text)
        assert.deepStrictEqual(one, other)
        assert.include(one, { type: `${problem}registration-closed` })
      })
    )
  }
)

layer(apiLayer("register_open", { trustedProxies, auth: { isOpen: true, cookie: "auto" } }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("registration that is open", (it) => {
  it.effect("one admin at the database, though the others had seen nobody yet", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      // Whoever inserts now waits, having seen that there is nobody.
      const waits = sql`SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%LOCK TABLE users%'`
      const [locked, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const holder = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`LOCK TABLE users IN ROW EXCLUSIVE MODE`
            yield* Deferred.succeed(locked, undefined)
            yield* Deferred.await(release)
          })
        )
      )
      yield* Deferred.await(locked)
      const racing = yield* Effect.forkChild(
        Effect.all([register("ada"), register("grace")], { concurrency: 2 })
      )
      yield* waits.pipe(
        Effect.filterOrFail((rows) => rows.length === 2),
        Effect.eventually
      )
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(holder)
      const answers = yield* Fiber.join(racing)
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [201, 201]
      )
      assert.sameMembers(
        answers.map(({ json }) => member(json, "role")),
        ["admin", "viewer"]
      )
      assert.lengthOf(yield* admins, 1)
    })
  )

  it.effect("an Idempotency-Key is refused, not passed over: nobody has come yet whose it would be", () =>
    Effect.gen(function* () {
      const email = "keyed@example.com"
      const refused = yield* register("keyed", email, undefined, { "idempotency-key": "a-key" })
      assert.strictEqual(refused.status, 400)
      assert.include(refused.text, '"path":"Idempotency-Key"')
      assert.strictEqual((yield* register("keyed", email)).status, 201)
    })
  )

  it.effect("a name and an address that somebody has are refused in the same words, slower each time", () =>
    Effect.gen(function* () {
      yield* tokenFor("viewer")
      yield* register("taken", "taken@example.com")
      const [name, address] = [
        yield* register("TAKEN", "other@example.com"),
        yield* register("other", "Taken@Example.com")
      ]
      for (const answer of [name, address]) {
        assert.strictEqual(answer.status, 409)
        assert.include(answer.json, { type: `${problem}account-taken` })
      }
      assert.strictEqual(member(name.json, "detail"), member(address.json, "detail"))
      const statuses: Array<number> = []
      for (let i = 0; i < 5; i++)
        statuses.push((yield* register("taken", `x${i}@example.com`, "203.0.113.9")).status)
      assert.deepStrictEqual([statuses[0], statuses.at(-1)], [409, 429])
    })
  )

  it.effect("says what is wrong with a name, an address or a password", () =>
    Effect.gen(function* () {
      const wrong = { username: "a b", email: "nobody", password: "short", role: "admin" }
      const answer = yield* ask("/api/v1/auth/register", { body: wrong })
      assert.strictEqual(answer.status, 400)
      for (const field of Object.keys(wrong)) assert.include(answer.text, `"path":"${field}"`)
      const weak = { username: "somebody-else", email: "else@example.com" }
      for (const common of ["12345678", "Somebody-else1"]) {
        const refused = yield* ask("/api/v1/auth/register", { body: { ...weak, password: common } })
        assert.strictEqual(refused.status, 400)
        assert.include(refused.text, '"path":"password"')
      }
    })
  )
})
