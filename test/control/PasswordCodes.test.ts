import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const phrase = "a phrase of its own"

const textOf = ({ json }: Answer, name: string): string => String(member(json, name))
const create = (token: string, username: string, more: object = {}) =>
  ask("/api/v1/users", { token, body: { username, role: "operator", ...more } })
const reset = (token: string, id: string) =>
  ask(`/api/v1/users/${id}/reset-password`, { token, method: "POST" })
const choose = (code: string, new_password = phrase) =>
  ask("/api/v1/auth/set-password", { body: { code, new_password } })
const login = (username: string, password = phrase) =>
  ask("/api/v1/auth/token", { form: { username, password } })

const assertNoCode = (answer: Answer) => {
  assert.deepInclude(answer.json, { type: `${problem}invalid-request` })
  assert.include(answer.text, '"path":"code"')
}

layer(apiLayer("password_codes"), { timeout: "60 seconds", excludeTestServices: true })(
  "whom an admin lets in",
  (it) => {
    it.effect("chooses a password that nobody else knows, once", () =>
      Effect.gen(function* () {
        const admin = yield* tokenFor("admin")
        const made = yield* create(admin, "ada", { email: "ada@example.com" })
        assert.strictEqual(made.status, 201)
        assert.deepInclude(made.json, { username: "ada", role: "operator", is_active: true, version: 1 })
        const code = textOf(made, "code")
        assert.match(code, /^[\w-]{43}$/u)
        assert.strictEqual((yield* login("ada", code)).status, 401)

        for (const weak of ["password123", "ada@example.com"]) {
          const refused = yield* choose(code, weak)
          assert.include(refused.text, '"path":"new_password"', weak)
        }
        const all = yield* Effect.all([choose(code), choose(code), choose(code)], {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(all.map(({ status }) => status).sort(), [204, 400, 400])
        assertNoCode(yield* choose(code, "another phrase of its own"))
        const token = textOf(yield* login("ada"), "access_token")
        assert.deepInclude((yield* ask("/api/v1/auth/me", { token })).json, { role: "operator" })
      })
    )

    it.effect("is logged out, and let in by nothing but the newest code, when its password is reset", () =>
      Effect.gen(function* () {
        const admin = yield* tokenFor("admin")
        const made = yield* create(admin, "bob")
        yield* choose(textOf(made, "code"))
        const token = textOf(yield* login("bob"), "access_token")
        const id = textOf(made, "id")
        const first = yield* reset(admin, id)
        assert.strictEqual(first.status, 200, first.text)
        const second = yield* reset(admin, id)
        assert.strictEqual((yield* ask("/api/v1/auth/me", { token })).status, 401)
        const old = yield* ask("/api/v1/auth/token", {
          form: { username: "bob", password: phrase },
          headers: { "x-forwarded-for": "192.0.2.1" }
        })
        assert.strictEqual(old.status, 401)
        assertNoCode(yield* choose(textOf(first, "code")))
        assert.strictEqual((yield* choose(textOf(second, "code"), "another phrase")).status, 204)
        assert.strictEqual((yield* login("bob", "another phrase")).status, 200)
      })
    )

    it.effect("has no use of a code that is past its time, or once it is disabled", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const admin = yield* tokenFor("admin")
        const late = yield* create(admin, "cy")
        yield* sql`UPDATE password_codes SET expires_at = now()`
        assertNoCode(yield* choose(textOf(late, "code")))
        const made = yield* create(admin, "dee")
        const code = textOf(made, "code")
        const patch = (is_active: boolean) =>
          ask(`/api/v1/users/${textOf(made, "id")}`, { method: "PATCH", token: admin, body: { is_active } })
        yield* patch(false)
        assertNoCode(yield* choose(code))
        yield* patch(true)
        assertNoCode(yield* choose(code))
        assertNoCode(yield* choose("x"))
      })
    )

    it.effect("is let in by an admin who is logged in, and whose own password is no code's", () =>
      Effect.gen(function* () {
        const admin = yield* tokenFor("admin")
        const me = textOf(yield* ask("/api/v1/auth/me", { token: admin }), "id")
        assert.include((yield* reset(admin, me)).text, "change your own password")
        assert.strictEqual((yield* reset(admin, "00000000-0000-4000-8000-000000000000")).status, 404)
        assert.strictEqual((yield* create(admin, "test-ADMIN")).status, 409)
        assert.strictEqual((yield* create(yield* tokenFor("operator"), "eve")).status, 403)
        const made = yield* ask("/api/v1/api-keys", { token: admin, body: { name: "x", scopes: ["admin"] } })
        assert.strictEqual((yield* create(textOf(made, "key"), "eve")).status, 403)
        const twice = yield* ask("/api/v1/users", {
          token: admin,
          body: { username: "eve", role: "viewer" },
          headers: { "idempotency-key": "a" }
        })
        assert.include(twice.text, '"path":"Idempotency-Key"')
      })
    )

    it.effect("is on record with who did it, and no code is kept anywhere", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const admin = yield* tokenFor("admin")
        const made = yield* create(admin, "flo")
        const again = yield* reset(admin, textOf(made, "id"))
        yield* choose(textOf(again, "code"))
        const lines = yield* sql<{
          readonly line: string
        }>`SELECT actor || ' ' || action AS line FROM audit_log
          WHERE target = ${textOf(made, "id")} ORDER BY seq`
        assert.deepStrictEqual(
          lines.map(({ line }) => line),
          ["test-admin users.create", "test-admin users.resetPassword", "flo auth.setPassword"]
        )
        const [kept] = yield* sql<{ readonly all: string }>`SELECT (SELECT json_agg(a) FROM audit_log a)::text
          || (SELECT json_agg(u) FROM users u)::text || (SELECT coalesce(json_agg(c), '[]') FROM password_codes c)::text AS all`
        for (const each of [made, again]) assert.notInclude(kept?.all ?? "", textOf(each, "code"))
      })
    )
  }
)
