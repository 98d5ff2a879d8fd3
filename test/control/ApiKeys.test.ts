import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { apiKeyText, newKeyId, newKeySecret, parseApiKey } from "../../src/control/auth/ApiKeyText.ts"
import { openLive } from "./live/LiveClient.ts"
import { type Ask, apiLayer, ask, member, tokenFor } from "./TestApi.ts"

it("a key's text is found by scanners, and a typing error in it by itself", () => {
  const parts = { id: newKeyId(), secret: newKeySecret() }
  const text = apiKeyText(parts)
  assert.match(text, /^wsk_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}$/u)
  assert.deepStrictEqual(parseApiKey(text), parts)
  for (let i = 4; i < text.length; i++) {
    const other = text[i] === "a" ? "b" : "a"
    if (text[i] !== "_") assert.isUndefined(parseApiKey(`${text.slice(0, i)}${other}${text.slice(i + 1)}`))
  }
  for (const wrong of ["", "wsk_", `${text}x`, text.slice(1), text.toUpperCase()])
    assert.isUndefined(parseApiKey(wrong))
})

const create = Effect.fnUntraced(function* (scopes: ReadonlyArray<string>, more: object = {}) {
  const token = yield* tokenFor("admin")
  const made = yield* ask("/api/v1/api-keys", { token, body: { name: "a test", scopes, ...more } })
  assert.strictEqual(made.status, 201, made.text)
  return { id: String(member(made.json, "id")), key: String(member(made.json, "key")), token, made }
})

const byKey = (key: string, path = "/api/v1/jobs", options: Ask = {}) =>
  ask(path, { ...options, headers: { "x-api-key": key, ...options.headers } })

layer(apiLayer("api_keys"), { timeout: "60 seconds", excludeTestServices: true })("API keys", (it) => {
  it.effect("is taken in either header, says what it may, and is nowhere kept", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { id, key, token } = yield* create(["read"])
      assert.strictEqual((yield* byKey(key)).status, 200)
      assert.strictEqual((yield* ask("/api/v1/jobs", { token: key })).status, 200)
      const me = yield* byKey(key, "/api/v1/auth/me")
      assert.deepInclude(me.json, { username: "test-admin", role: "admin", scopes: ["read"] })

      const listed = yield* ask("/api/v1/api-keys", { token })
      const secret = key.split("_")[2] ?? ""
      assert.include(listed.text, id)
      assert.notInclude(listed.text, secret.slice(0, 20))
      const [row] = yield* sql<{
        readonly all: string
      }>`SELECT row_to_json(k)::text AS all FROM api_keys k WHERE id = ${id}`
      assert.notInclude(row?.all ?? "", secret.slice(0, 20))
      const audited = yield* sql<{ readonly all: string }>`SELECT row_to_json(a)::text AS all FROM audit_log a
        WHERE action = 'keys.create'`
      assert.include(audited[0]?.all ?? "", id)
      assert.notInclude(JSON.stringify(audited), secret.slice(0, 20))
      // Its last use is told, and not written again within a minute.
      const used = () =>
        sql<{ readonly at: string | null }>`SELECT last_used_at::text AS at FROM api_keys WHERE id = ${id}`
      const [first] = yield* used()
      assert.isNotNull(first?.at ?? null)
      yield* byKey(key)
      assert.deepStrictEqual((yield* used())[0], first)
    })
  )

  it.effect("one credential at a time, and none of them in an address", () =>
    Effect.gen(function* () {
      const { key, token } = yield* create(["read"])
      const both = yield* byKey(key, "/api/v1/jobs", { token })
      assert.strictEqual(both.status, 400)
      assert.strictEqual((yield* byKey(token)).status, 401)
      for (const query of [`?token=${key}`, `?ticket=${key}`]) {
        assert.strictEqual((yield* Effect.flip(openLive(query)))._tag, "Refused")
      }
      for (const wrong of [
        "",
        "wsk_",
        `${key.slice(0, -1)}_`,
        apiKeyText({ id: "0".repeat(11), secret: "0".repeat(43) })
      ]) {
        const answer = yield* byKey(wrong)
        assert.strictEqual(answer.status, 401)
        assert.isNull(answer.headers.get("x-token-expired"))
      }
      // The right id with another secret.
      const { id } = parseApiKey(key) ?? { id: "" }
      assert.strictEqual((yield* byKey(apiKeyText({ id, secret: newKeySecret() }))).status, 401)
    }).pipe(Effect.scoped)
  )

  it.effect("may what it was made for and its user may now, and no more", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { key } = yield* create(["jobs"])
      const reads = yield* byKey(key)
      assert.strictEqual(reads.status, 403)
      assert.deepInclude(reads.json, { required: "read", scopes: ["jobs"] })
      assert.strictEqual(reads.headers.get("www-authenticate"), 'Bearer error="insufficient_scope"')
      const makes = byKey(key, "/api/v1/jobs", { body: { start_time: null } })
      assert.strictEqual((yield* makes).status, 201)
      // No key makes a key, whatever it was made for.
      const all = yield* create(["read", "jobs", "admin"])
      for (const path of ["/api/v1/api-keys", "/api/v1/auth/sessions"]) {
        assert.deepInclude((yield* byKey(all.key, path)).json, { status: 403, required: "" })
      }
      assert.strictEqual((yield* byKey(all.key, "/api/v1/users")).status, 200)

      const becomes = (role: string, status: number) =>
        sql`UPDATE users SET role = ${role} WHERE username = 'test-admin'`.pipe(
          Effect.andThen(makes),
          Effect.repeat({ until: (answer) => answer.status === status, times: 200 })
        )
      assert.strictEqual((yield* becomes("viewer", 403)).status, 403)
      assert.strictEqual((yield* becomes("admin", 201)).status, 201)
    })
  )

  it.effect("ends when it is removed, past its time, or its user disabled; its streams with it", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { id, key, token } = yield* create(["read"])
      const socket = yield* openLive("", { "x-api-key": key })
      const ticket = yield* byKey(key, "/api/v1/ws-tickets", { method: "POST" })
      const byTicket = yield* openLive(`?ticket=${member(ticket.json, "ticket")}`)
      const removal = ask(`/api/v1/api-keys/${id}`, { method: "DELETE", token })
      assert.strictEqual((yield* removal).status, 204)
      assert.strictEqual((yield* byKey(key)).status, 401)
      assert.strictEqual(yield* socket.closed, 4401)
      assert.strictEqual(yield* byTicket.closed, 4401)
      assert.strictEqual((yield* removal).status, 404)

      const past = yield* ask("/api/v1/api-keys", {
        token,
        body: { name: "x", scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" }
      })
      assert.strictEqual(past.status, 400)
      const soon = yield* create(["read"], { expires_at: "2999-01-01T00:00:00Z" })
      assert.strictEqual((yield* byKey(soon.key)).status, 200)
      const ends = sql`UPDATE api_keys SET expires_at = now() WHERE id = ${soon.id}`
      const refused = byKey(soon.key).pipe(
        Effect.repeat({ until: ({ status }) => status === 401, times: 200 })
      )
      yield* ends
      assert.strictEqual((yield* refused).status, 401)

      const kept = yield* create(["read"], { expires_at: null })
      assert.isNull(member(kept.made.json, "expires_at"))
      assert.strictEqual((yield* byKey(kept.key)).status, 200)
      yield* sql`UPDATE users SET is_active = false WHERE username = 'test-admin'`
      const stopped = yield* byKey(kept.key).pipe(
        Effect.repeat({ until: ({ status }) => status === 401, times: 200 })
      )
      assert.strictEqual(stopped.status, 401)
      yield* sql`UPDATE users SET is_active = true WHERE username = 'test-admin'`
    }).pipe(Effect.scoped)
  )

  it.effect("changes its secret; the one before is good for as long as was asked for", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { id, key, token } = yield* create(["read"])
      const rotate = (body: object) => ask(`/api/v1/api-keys/${id}/rotate`, { token, body })
      const next = yield* rotate({ overlap_seconds: 60 })
      const nextKey = String(member(next.json, "key"))
      assert.deepInclude(next.json, { id, version: 2, scopes: ["read"] })
      assert.isNotNull(member(next.json, "former_until"))
      for (const each of [key, nextKey]) assert.strictEqual((yield* byKey(each)).status, 200)
      yield* sql`UPDATE api_keys SET former_until = now(), digest = digest WHERE id = ${id}`
      const over = yield* byKey(key).pipe(
        Effect.repeat({ until: ({ status }) => status === 401, times: 200 })
      )
      assert.strictEqual(over.status, 401)
      const last = yield* rotate({ overlap_seconds: 0, expires_at: null })
      assert.isNull(member(last.json, "expires_at"))
      assert.strictEqual((yield* byKey(nextKey)).status, 401)
      assert.strictEqual((yield* byKey(String(member(last.json, "key")))).status, 200)
      // Whose it is not must not be shown its secret.
      yield* tokenFor("viewer")
      yield* sql`UPDATE api_keys SET user_id = (SELECT id FROM users WHERE username = 'test-viewer')`
      assert.strictEqual((yield* rotate({})).status, 404)
    })
  )

  it.effect("ends what was opened with a secret that is none any more: streams and tickets", () =>
    Effect.gen(function* () {
      const { id, key, token } = yield* create(["read"])
      const rotate = (seconds: number) =>
        ask(`/api/v1/api-keys/${id}/rotate`, { token, body: { overlap_seconds: seconds } })
      const issued = yield* ask("/api/v1/ws-tickets", { method: "POST", token: key })
      const stream = yield* openLive("", { authorization: `Bearer ${key}` })
      const next = String(member((yield* rotate(60)).json, "key"))
      const beside = yield* openLive("", { authorization: `Bearer ${next}` })
      // While both are good both go on.
      stream.send({ type: "subscribe", id: "a", channel: "jobs" })
      yield* stream.await("subscribed")
      const last = String(member((yield* rotate(0)).json, "key"))
      assert.strictEqual(yield* stream.closed, 4401)
      assert.strictEqual(yield* beside.closed, 4401)
      const ticket = String(member(issued.json, "ticket"))
      yield* Effect.flip(openLive(`?ticket=${ticket}`))
      yield* openLive("", { authorization: `Bearer ${last}` })
    }).pipe(Effect.scoped)
  )

  it.effect("is changed and removed only at the version that was asked for", () =>
    Effect.gen(function* () {
      const { id, key, token, made } = yield* create(["read"])
      const etag = made.headers.get("etag") ?? "none"
      assert.match(etag, /^"1\./u)
      const rotate = (match: string) =>
        ask(`/api/v1/api-keys/${id}/rotate`, { token, body: {}, headers: { "if-match": match } })
      const remove = (match: string) =>
        ask(`/api/v1/api-keys/${id}`, { token, method: "DELETE", headers: { "if-match": match } })
      for (const refused of [yield* rotate('"77"'), yield* remove('"77"'), yield* remove("W/x")]) {
        assert.deepInclude(refused.json, { status: 412, version: 1 })
      }
      assert.strictEqual((yield* byKey(key)).status, 200)
      const rotated = yield* rotate(etag)
      assert.match(rotated.headers.get("etag") ?? "none", /^"2\./u)
      assert.strictEqual((yield* remove(etag)).status, 412)
      assert.strictEqual((yield* remove('"2"')).status, 204)
    })
  )

  it.effect(
    "is on record with what it was when it is changed and removed, and when it is shown after that",
    () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { id, key, token } = yield* create(["read", "jobs"])
        yield* ask(`/api/v1/api-keys/${id}/rotate`, { token, body: { expires_at: null } })
        yield* ask(`/api/v1/api-keys/${id}`, { token, method: "DELETE" })
        const lines = yield* sql<{
          readonly action: string
          readonly before: object
          readonly after: object
        }>`
        SELECT action, before, after FROM audit_log WHERE target = ${id} ORDER BY seq`
        const [, rotated, removed] = lines
        assert.containsAllKeys(rotated?.before, ["version", "expires_at"])
        assert.deepInclude(rotated?.after, { version: 2, expires_at: null })
        assert.notProperty(rotated?.before, "scopes")
        assert.deepInclude(removed?.before, { username: "test-admin", scopes: ["read", "jobs"], version: 2 })
        assert.isNull(removed?.after)
        // Where nothing was refused before: the same again is told a minute later.
        const path = "/api/v1/system/coverage"
        yield* byKey(key, path)
        const ended = yield* tokenFor("viewer")
        yield* ask("/api/v1/auth/logout", { token: ended, body: {} })
        yield* ask(path, { token: ended })
        const refused = sql`SELECT actor, credential, problem FROM audit_log
        WHERE action = 'system.coverage' AND status = 401 AND (actor = 'test-viewer' OR credential = ${`key ${id}`}) ORDER BY problem`
        const found = yield* refused.pipe(
          Effect.repeat({ until: (rows) => rows.length === 2, schedule: Schedule.spaced("100 millis") }),
          Effect.timeout("10 seconds")
        )
        assert.deepStrictEqual(found, [
          { actor: "test-viewer", credential: null, problem: "token-expired" },
          { actor: null, credential: `key ${id}`, problem: "unauthorized" }
        ])
      })
  )

  it.effect("an Idempotency-Key keeps no secret", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const token = yield* tokenFor("admin")
      const make = ask("/api/v1/api-keys", {
        token,
        body: { name: "twice", scopes: ["read"] },
        headers: { "idempotency-key": "a-key" }
      })
      const refused = yield* make
      assert.strictEqual(refused.status, 400)
      assert.include(refused.text, '"path":"Idempotency-Key"')
      assert.lengthOf(yield* sql`SELECT 1 AS one FROM api_keys WHERE name = 'twice'`, 0)
      assert.lengthOf(yield* sql`SELECT 1 AS one FROM idempotency_keys`, 0)
    })
  )
})
