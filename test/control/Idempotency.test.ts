import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"

layer(apiLayer("idempotency"), { timeout: "60 seconds", excludeTestServices: true })("idempotency", (it) => {
  const jobs = Effect.flatMap(PgClient.PgClient, (sql) =>
    Effect.map(sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM jobs`, ([row]) => row?.n)
  )
  const create = (token: string, key: string, body: unknown) =>
    ask("/api/v1/jobs", { token, body, headers: { "idempotency-key": key } })

  it.effect("the same request again has the same answer and creates nothing", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const first = yield* create(token, "key-1", { start_time: null, name: "once" })
      assert.strictEqual(first.status, 201)
      assert.isNull(first.headers.get("idempotency-replayed"))
      for (const body of [{ start_time: null, name: "once" }, ' { "name" : "once","start_time":null}']) {
        const again = yield* create(token, "key-1", body)
        assert.strictEqual(again.status, 201)
        assert.strictEqual(again.text, first.text)
        assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
        assert.strictEqual(again.headers.get("etag"), first.headers.get("etag"))
        assert.notStrictEqual(again.headers.get("x-request-id"), first.headers.get("x-request-id"))
      }
      assert.strictEqual(yield* jobs, 1)
      const other = yield* create(token, "key-1", { start_time: null, name: "twice" })
      assert.strictEqual(other.status, 422)
      assert.include(other.json, { type: `${problem}idempotency-mismatch` })
    })
  )

  it.effect("a key is its owner's, has a shape, and what was refused may be mended under it", () =>
    Effect.gen(function* () {
      const [operator, admin] = [yield* tokenFor("operator"), yield* tokenFor("admin")]
      const before = (yield* jobs) ?? 0
      yield* create(operator, "key-2", { start_time: null })
      const theirs = yield* create(admin, "key-2", { start_time: null, name: "theirs" })
      assert.strictEqual(theirs.status, 201)
      for (const key of ["x".repeat(256), "two words"]) {
        const refused = yield* create(operator, key, { start_time: null })
        assert.strictEqual(refused.status, 400)
        assert.include(refused.text, "Idempotency-Key")
      }
      assert.strictEqual((yield* create(operator, "key-3", { colour: "red" })).status, 400)
      assert.strictEqual((yield* create(operator, "key-3", { start_time: null })).status, 201)
      assert.strictEqual(yield* jobs, before + 3)
    })
  )

  it.effect("whoever comes while the first is under way is told to come back; one job is made of many", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const sql = yield* PgClient.PgClient
      const before = (yield* jobs) ?? 0
      const [locked, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // Whoever inserts a job now waits.
      const holder = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`LOCK TABLE jobs IN SHARE MODE`
            yield* Deferred.succeed(locked, undefined)
            yield* Deferred.await(release)
          })
        )
      )
      yield* Deferred.await(locked)
      const first = yield* Effect.forkChild(create(token, "key-4", { start_time: null }))
      const waits = sql`SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO jobs%'`
      yield* waits.pipe(
        Effect.filterOrFail((rows) => rows.length > 0),
        Effect.eventually
      )
      const pending = yield* create(token, "key-4", { start_time: null })
      assert.strictEqual(pending.status, 409)
      assert.include(pending.json, { type: `${problem}idempotency-pending` })
      assert.strictEqual(pending.headers.get("retry-after"), "1")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(holder)
      const made = yield* Fiber.join(first)
      assert.strictEqual(made.status, 201)
      assert.strictEqual((yield* create(token, "key-4", { start_time: null })).text, made.text)

      const many = yield* Effect.all(
        Array.from({ length: 12 }, () => create(token, "key-5", { start_time: null })),
        { concurrency: 12 }
      )
      assert.isTrue(many.every(({ status }) => status === 201 || status === 409))
      assert.lengthOf(new Set(many.filter(({ status }) => status === 201).map(({ text }) => text)), 1)
      assert.strictEqual(yield* jobs, before + 2)
    })
  )

  it.effect("what is older than a day is forgotten", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const sql = yield* PgClient.PgClient
      const first = yield* create(token, "key-6", { start_time: null })
      yield* sql`UPDATE idempotency_keys SET created_at = clock_timestamp() - interval '25 hours'`
      const later = yield* create(token, "key-6", { start_time: null, name: "a new day" })
      assert.strictEqual(later.status, 201)
      assert.notStrictEqual(member(later.json, "id"), member(first.json, "id"))
      assert.lengthOf(yield* sql`SELECT 1 AS one FROM idempotency_keys`, 1)
    })
  )
})
