import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { IpNetwork } from "effect/net"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const trustedProxies = [IpNetwork.fromStringUnsafe("127.0.0.0/8")]
const rateLimits = { read: 5, write: 3, address: 40, login: 20 }

const from = (address: string) => ({ "x-forwarded-for": address })

layer(apiLayer("limits", { rateLimits, trustedProxies }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("limits", (it) => {
  it.effect("every answer says which quotas it counts against, and what is left", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const headers = from("198.51.100.1")
      const first = yield* ask("/api/v1/jobs", { token, headers })
      assert.strictEqual(first.headers.get("ratelimit-policy"), '"read";q=5;w=60, "address";q=40;w=60')
      assert.strictEqual(first.headers.get("ratelimit"), '"read";r=4;t=12, "address";r=39;t=2')
      const unknown = yield* ask("/api/v1/jobs", { headers })
      assert.strictEqual(unknown.status, 401)
      assert.match(unknown.headers.get("ratelimit") ?? "", /^"address";r=3\d;t=\d$/u)
      const forged = yield* ask("/api/v1/jobs", { token: "a.b.c", headers })
      assert.match(forged.headers.get("ratelimit") ?? "", /^"address";r=3\d;t=\d$/u)
      const page = yield* ask("/", { headers: { ...headers, authorization: "Bearer x" } })
      assert.match(page.headers.get("ratelimit") ?? "", /^"address";r=3\d;t=\d$/u)
      for (const path of ["/api/v1/health/live", "/healthz"]) {
        assert.isNull((yield* ask(path, { headers })).headers.get("ratelimit"))
      }
    })
  )

  it.effect("a quota that is used up is 429 with Retry-After, and no other one suffers", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const headers = from("198.51.100.2")
      const get = ask("/api/v1/jobs", { token, headers })
      const statuses: Array<number> = []
      for (let i = 0; i < 6; i++) statuses.push((yield* get).status)
      assert.deepStrictEqual(statuses, [200, 200, 200, 200, 200, 429])
      const refused = yield* get
      assert.include(refused.json, { type: `${problem}too-many-requests`, status: 429, quota: "read" })
      const retry = Number(refused.headers.get("retry-after"))
      assert.isTrue(retry >= 1 && retry <= 12, String(retry))
      assert.strictEqual(member(refused.json, "retry_after"), retry)
      const write = yield* ask("/api/v1/jobs", { token, headers, body: { start_time: null } })
      assert.strictEqual(write.status, 201)
      const other = yield* ask("/api/v1/jobs", { token: yield* tokenFor("admin"), headers })
      assert.strictEqual(other.status, 200)
    })
  )

  it.effect("an address is bounded whoever it says it is, and only a trusted proxy speaks for others", () =>
    Effect.gen(function* () {
      const statuses = new Set<number>()
      for (let i = 0; i < 41; i++) {
        statuses.add((yield* ask("/api/v1/jobs", { token: `a.b.${i}`, headers: from("203.0.113.9") })).status)
      }
      assert.deepStrictEqual([...statuses], [401, 429])
      const spoofed = yield* ask("/api/v1/jobs", { token: "x", headers: from("198.51.100.77, 203.0.113.9") })
      assert.strictEqual(spoofed.status, 429)
      assert.strictEqual((yield* ask("/api/v1/jobs", { headers: from("203.0.113.10") })).status, 401)
      assert.strictEqual((yield* ask("/api/v1/health/ready", { headers: from("203.0.113.9") })).status, 200)
    })
  )

  it.effect("what is refused is not done: at /rpc and where a header says nothing", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const token = yield* tokenFor("operator")
      const headers = from("203.0.113.20")
      const form = { username: "test-operator", password: "a good password" }
      const login = yield* ask("/api/v1/auth/token", { form, headers: from("203.0.113.21") })
      const cookie = login.headers.get("set-cookie")?.split(";", 1)[0] ?? ""
      for (let i = 0; i < 40; i++) yield* ask("/api/v1/jobs", { headers })
      const count = sql<{ readonly count: number }>`SELECT count(*)::int AS count FROM jobs`
      const before = yield* count
      const call = { _tag: "Request", id: "1", tag: "jobs.create", headers: [] }
      const made = yield* ask("/rpc", {
        token,
        body: `${JSON.stringify({ ...call, payload: { payload: { start_time: null } } })}\n`,
        headers: { ...headers, "content-type": "application/ndjson" }
      })
      assert.isTrue(made.status === 429 || made.text.includes('"quota":"address"'), made.text)
      assert.deepStrictEqual(yield* count, before)
      for (const path of ["refresh", "logout"]) {
        const shown = { ...headers, authorization: "Bearer x", cookie }
        const refused = yield* ask(`/api/v1/auth/${path}`, { body: {}, headers: shown })
        assert.strictEqual(refused.status, 429)
        assert.isNull(refused.headers.get("set-cookie"))
      }
    })
  )

  it.effect("who guesses passwords waits longer and longer; who owns the account does not", () =>
    Effect.gen(function* () {
      yield* tokenFor("viewer")
      const login = (password: string, address: string) =>
        ask("/api/v1/auth/token", { form: { username: "test-viewer", password }, headers: from(address) })
      const statuses: Array<number> = []
      for (let i = 0; i < 5; i++) statuses.push((yield* login(`guess ${i}`, "203.0.113.50")).status)
      assert.deepStrictEqual(statuses, [401, 401, 401, 429, 429])
      const refused = yield* login("a good password", "203.0.113.50")
      assert.strictEqual(refused.status, 429)
      assert.include(refused.json, { type: `${problem}too-many-failures`, retry_after: 1 })
      assert.strictEqual(refused.headers.get("retry-after"), "1")
      assert.strictEqual((yield* login("a good password", "203.0.113.51")).status, 200)
      const [wrong, again] = [
        yield* login("typo", "203.0.113.52"),
        yield* login("a good password", "203.0.113.52")
      ]
      assert.deepStrictEqual([wrong.status, again.status], [401, 429])
    })
  )

  it.effect("who guesses many at once guesses no more; who logs in many at once is let in", () =>
    Effect.gen(function* () {
      yield* tokenFor("viewer")
      const logins = (passwords: ReadonlyArray<string>, address: string) =>
        Effect.forEach(
          passwords,
          (password) =>
            ask("/api/v1/auth/token", {
              form: { username: "test-viewer", password },
              headers: from(address)
            }),
          { concurrency: "unbounded" }
        ).pipe(Effect.map((answers) => answers.map(({ status }) => status)))
      const guesses = yield* logins(
        Array.from({ length: 18 }, (_, i) => `guess ${i}`),
        "203.0.113.60"
      )
      assert.isAtMost(guesses.filter((status) => status === 401).length, 5)
      assert.deepStrictEqual([...new Set(guesses)].sort(), [401, 429])
      const right = yield* logins(
        Array.from({ length: 18 }, () => "a good password"),
        "203.0.113.61"
      )
      assert.deepStrictEqual([...new Set(right)], [200])
    })
  )
})
