import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { RequestFigures } from "../../src/control/http/RequestFigures.ts"
import { until } from "../faults/Scene.ts"
import { openLive } from "./live/LiveClient.ts"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"

const idOf = (token: string) =>
  Effect.map(ask("/api/v1/auth/me", { token }), ({ json }) => String(member(json, "id")))
const patch = (id: string, token: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  ask(`/api/v1/users/${id}`, { method: "PATCH", token, body, headers })

layer(apiLayer("users"), { timeout: "60 seconds", excludeTestServices: true })("users", (it) => {
  it.effect("a role counts at once, for whoever is logged in already", () =>
    Effect.gen(function* () {
      const [admin, viewer] = [yield* tokenFor("admin"), yield* tokenFor("viewer")]
      const id = yield* idOf(viewer)
      const make = ask("/api/v1/jobs", { token: viewer, body: { start_time: null } })
      assert.strictEqual((yield* make).status, 403)
      const promoted = yield* patch(id, admin, { role: "operator" }, { "if-match": '"1"' })
      assert.deepInclude(promoted.json, { id, role: "operator", is_active: true, version: 2 })
      assert.match(promoted.headers.get("etag") ?? "", /^"2\./u)
      assert.strictEqual((yield* make).status, 201)
      const late = yield* patch(id, admin, { role: "admin" }, { "if-match": '"1"' })
      assert.deepInclude(late.json, { status: 412, version: 2 })
      assert.deepInclude((yield* patch(id, admin, { role: "operator" })).json, { version: 2 })
      assert.strictEqual((yield* patch(id, admin, { role: "viewer" })).status, 200)
      assert.strictEqual((yield* make).status, 403)
      assert.strictEqual((yield* patch(id, viewer, { role: "admin" })).status, 403)
      assert.strictEqual((yield* patch(id, admin, { username: "x" })).status, 400)
      const nobody = yield* patch("00000000-0000-4000-8000-000000000000", admin, { role: "viewer" })
      assert.include(nobody.json, { type: `${problem}user-not-found` })
    })
  )

  it.effect("who is disabled is out everywhere at once, and logs in anew when it may again", () =>
    Effect.gen(function* () {
      const [admin, viewer] = [yield* tokenFor("admin"), yield* tokenFor("viewer")]
      const id = yield* idOf(viewer)
      const socket = yield* openLive(`?token=${viewer}`)
      const streams = yield* RequestFigures
      const stream = yield* Effect.forkChild(ask(`/api/v1/events/stream?token=${viewer}`))
      yield* until(
        "both are open",
        Effect.sync(() => streams.streams === 2),
        5
      )
      assert.strictEqual((yield* patch(id, admin, { is_active: false })).status, 200)
      const refused = yield* ask("/api/v1/auth/me", { token: viewer })
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(refused.headers.get("x-token-expired"), "true")
      assert.strictEqual(yield* socket.closed, 4403)
      assert.isTrue((yield* Fiber.join(stream)).text.endsWith('event: end\ndata: {"reason":"forbidden"}\n\n'))
      yield* patch(id, admin, { is_active: true })
      assert.strictEqual((yield* ask("/api/v1/auth/me", { token: viewer })).status, 401)
      const again = yield* tokenFor("viewer")
      assert.strictEqual((yield* ask("/api/v1/auth/me", { token: again })).status, 200)
      const ended = yield* ask(`/api/v1/users/${id}/sessions`, { method: "DELETE", token: admin })
      assert.strictEqual(ended.status, 204)
      assert.strictEqual((yield* ask("/api/v1/auth/me", { token: again })).status, 401)
      const outcomes = (target: string) =>
        Effect.flatMap(
          PgClient.PgClient,
          (sql) => sql<{
            readonly outcome: string
            readonly ended: number | null
          }>`SELECT outcome, jsonb_array_length(before -> 'sessions') AS ended
            FROM audit_log WHERE action = 'users.endSessions' AND target = ${target} ORDER BY seq`
        )
      const end = (target: string) =>
        ask(`/api/v1/users/${target}/sessions`, { method: "DELETE", token: admin })
      assert.strictEqual((yield* end(id)).status, 204)
      assert.deepStrictEqual(yield* outcomes(id), [
        { outcome: "done", ended: 1 },
        { outcome: "unchanged", ended: null }
      ])
      for (const nobody of ["00000000-0000-4000-8000-000000000000", "not-a-uuid"]) {
        const refused = yield* end(nobody)
        assert.strictEqual(refused.status, 404)
        assert.include(refused.json, { type: `${problem}user-not-found` })
        assert.lengthOf(
          (yield* outcomes(nobody)).filter(({ outcome }) => outcome !== "refused"),
          0
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("the last active admin stays, also of two who take each other away at once", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const token = yield* tokenFor("admin")
      const me = yield* idOf(token)
      for (const body of [{ role: "viewer" }, { is_active: false }, { role: "operator", is_active: true }]) {
        const kept = yield* patch(me, token, body)
        assert.strictEqual(kept.status, 409)
        assert.include(kept.json, { type: `${problem}last-admin` })
      }
      const [other] = yield* sql<{ readonly id: string }>`INSERT INTO users (username, password_hash, role)
        VALUES ('other', 'none', 'admin') RETURNING id::text`
      const both = yield* Effect.all(
        [patch(me, token, { role: "viewer" }), patch(other?.id ?? "", token, { role: "viewer" })],
        { concurrency: 2 }
      )
      const left = yield* sql`SELECT 1 AS one FROM users WHERE role = 'admin' AND is_active`
      assert.lengthOf(left, 1)
      assert.include(
        both.map(({ status }) => status),
        200
      )
      yield* sql`UPDATE users SET role = 'admin' WHERE id::text = ${me}`
    })
  )

  it.effect("are listed in pages that stay what they are", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const token = yield* tokenFor("admin")
      yield* sql`INSERT INTO users (username, password_hash, role, created_at)
        SELECT 'many-' || n, 'none', 'viewer', '2026-01-01' FROM generate_series(1, 5) AS n`
      const names: Array<string> = []
      let cursor: string | null = ""
      while (cursor !== null) {
        const page = yield* ask(`/api/v1/users?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, { token })
        const body: { readonly items: ReadonlyArray<{ username: string }>; next_cursor: string | null } =
          JSON.parse(page.text)
        assert.isAtMost(body.items.length, 2)
        assert.notInclude(page.text, "password")
        names.push(...body.items.map(({ username }) => username))
        cursor = body.next_cursor
      }
      const [count] = yield* sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM users`
      assert.lengthOf(new Set(names), count?.n ?? 0)
      assert.lengthOf(names, count?.n ?? 0)
      for (const wrong of ["x", btoa("2026-01-01T00:00:00Z x api-keys"), btoa("a b users")]) {
        assert.strictEqual((yield* ask(`/api/v1/users?cursor=${wrong}`, { token })).status, 400)
      }
    })
  )
})
