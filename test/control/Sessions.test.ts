import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { IpNetwork } from "effect/net"
import { Tokens } from "../../src/control/auth/Tokens.ts"
import { openLive } from "./live/LiveClient.ts"
import { type Answer, apiLayer, ask, member, testSecret, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const friend = "https://app.example"
const form = { username: "test-viewer", password: "a good password" }

/** What a browser would send back: name and value of the cookie that was set; empty when it was taken away. */
const cookieOf = ({ headers }: Answer): string => headers.getSetCookie()[0]?.split(";")[0] ?? "none"
const tokenOf = ({ json }: Answer): string => String(member(json, "access_token"))

const login = (headers: Readonly<Record<string, string>> = {}) => ask("/api/v1/auth/token", { form, headers })
const refresh = (cookie: string, headers: Readonly<Record<string, string>> = {}) =>
  ask("/api/v1/auth/refresh", { body: {}, headers: { cookie, ...headers } })
const me = (token: string) => ask("/api/v1/auth/me", { token })

const assertEnded = (answer: Answer) => {
  assert.strictEqual(answer.status, 401)
  assert.strictEqual(answer.headers.get("x-token-expired"), "true")
  assert.include(answer.json, { type: `${problem}token-expired` })
}

/** As if that long had passed since every session was used, and begun. */
const later = (seconds: number) =>
  Effect.flatMap(
    PgClient.PgClient,
    (sql) => sql`UPDATE sessions SET used_at = used_at - make_interval(secs => ${seconds}),
      ends_at = ends_at - make_interval(secs => ${seconds})`
  )

layer(
  apiLayer("sessions", {
    corsOrigins: [friend],
    trustedProxies: [IpNetwork.fromStringUnsafe("127.0.0.0/8")]
  }),
  { timeout: "60 seconds", excludeTestServices: true }
)("sessions", (it) => {
  it.effect("a login sets a cookie that scripts cannot read and other sites cannot send", () =>
    Effect.gen(function* () {
      yield* tokenFor("viewer")
      const plain = yield* login()
      assert.match(
        plain.headers.getSetCookie()[0] ?? "",
        /^walstream_refresh=[\w-]{22}\.[\w-]{43}; Max-Age=4\d{4}; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/u
      )
      const tls = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" }
      const secure = (yield* login(tls)).headers.getSetCookie()[0] ?? ""
      assert.match(
        secure,
        /^__Secure-walstream_refresh=.*; Path=\/api\/v1\/auth; HttpOnly; Secure; SameSite=Strict$/u
      )
      // Over TLS only the cookie counts that cannot have been set without.
      assert.strictEqual((yield* refresh(cookieOf(plain), tls)).status, 401)
      assert.notInclude(plain.text, cookieOf(plain).split("=")[1] ?? "")
    })
  )

  it.effect("a refresh gives the next token and the next cookie; the one before is good for nothing", () =>
    Effect.gen(function* () {
      const first = yield* login()
      const second = yield* refresh(cookieOf(first))
      assert.strictEqual(second.status, 200)
      assert.strictEqual((yield* me(tokenOf(second))).status, 200)
      assert.notStrictEqual(cookieOf(second), cookieOf(first))
      const third = yield* refresh(cookieOf(second))
      assert.strictEqual(third.status, 200)
      // Used before, and whoever has it is not the one who used it: nobody has the session any more.
      const reused = yield* refresh(cookieOf(first))
      assert.strictEqual(reused.status, 401)
      assert.strictEqual(cookieOf(reused), "walstream_refresh=")
      assert.strictEqual((yield* refresh(cookieOf(third))).status, 401)
      assertEnded(yield* me(tokenOf(third)))
      assertEnded(yield* me(tokenOf(first)))
    })
  )

  it.effect("tabs that come at once with the same cookie all go on; one of them has the next", () =>
    Effect.gen(function* () {
      const cookie = cookieOf(yield* login())
      const answers = yield* Effect.all(
        Array.from({ length: 4 }, () => refresh(cookie)),
        { concurrency: 4 }
      )
      for (const answer of answers) assert.strictEqual((yield* me(tokenOf(answer))).status, 200)
      const next = answers.map(cookieOf).filter((each) => each !== "none")
      assert.lengthOf(next, 1)
      yield* later(11)
      assert.strictEqual((yield* refresh(next[0] ?? "")).status, 200)
      const late = yield* refresh(cookie)
      assert.strictEqual(late.status, 401)
    })
  )

  it.effect("who comes late with a used cookie ends the session, not only its own try", () =>
    Effect.gen(function* () {
      const first = yield* login()
      const second = yield* refresh(cookieOf(first))
      yield* later(11)
      assert.strictEqual((yield* refresh(cookieOf(first))).status, 401)
      assertEnded(yield* me(tokenOf(second)))
      assert.strictEqual((yield* refresh(cookieOf(second))).status, 401)
    })
  )

  it.effect("ends when it is not used, and in any case after its time", () =>
    Effect.gen(function* () {
      const idle = cookieOf(yield* login())
      yield* later(1801)
      assert.strictEqual((yield* refresh(idle)).status, 401)
      let cookie = cookieOf(yield* login())
      for (let i = 0; i < 24; i++) {
        yield* later(1799)
        const answer = yield* refresh(cookie)
        assert.strictEqual(answer.status, 200)
        cookie = cookieOf(answer)
      }
      yield* later(30)
      assert.strictEqual((yield* refresh(cookie)).status, 401)
    })
  )

  it.effect("what is guessed or malformed is nobody's, and ends nothing", () =>
    Effect.gen(function* () {
      const first = yield* login()
      const [name = "", token = ""] = cookieOf(first).split("=")
      for (const guess of ["", "x", token.slice(0, -1), `${"A".repeat(22)}.${"A".repeat(43)}`]) {
        assert.strictEqual((yield* refresh(`${name}=${guess}`)).status, 401)
      }
      assert.strictEqual((yield* refresh(cookieOf(first))).status, 200)
    })
  )

  it.effect("a session that was put on a browser is not the one that it logs in to", () =>
    Effect.gen(function* () {
      const planted = cookieOf(yield* login())
      const answer = yield* login({ cookie: planted })
      assert.notStrictEqual(cookieOf(answer), planted)
      assert.notStrictEqual(cookieOf(answer).slice(0, 42), planted.slice(0, 42))
      yield* ask("/api/v1/auth/logout", { body: {}, headers: { cookie: planted } })
      assert.strictEqual((yield* me(tokenOf(answer))).status, 200)
    })
  )

  it.effect("other sites get nowhere by the cookie, neither with a form nor with a script", () =>
    Effect.gen(function* () {
      const cookie = cookieOf(yield* login())
      const foreign = [
        { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
        { "sec-fetch-site": "same-site", origin: "http://sister.example" },
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: friend }
      ]
      for (const headers of foreign) {
        for (const path of ["refresh", "logout"]) {
          const answer = yield* ask(`/api/v1/auth/${path}`, { body: {}, headers: { cookie, ...headers } })
          assert.strictEqual(answer.status, 403, JSON.stringify(headers))
          assert.include(answer.json, { type: `${problem}origin-refused` })
          assert.strictEqual(cookieOf(answer), "none")
        }
        // Something else that is shown makes it no more its own.
        const shown = { cookie, authorization: "Bearer x", ...headers }
        assert.strictEqual((yield* ask("/api/v1/auth/refresh", { body: {}, headers: shown })).status, 403)
        assert.strictEqual(
          (yield* login({ authorization: "Bearer x", ...headers })).status,
          headers === foreign.at(-1) ? 200 : 403
        )
      }
      const { origin: _, ...evil } = foreign[0] ?? {}
      // A login under somebody else's name is an attack, too.
      assert.strictEqual((yield* login(evil)).status, 403)
      assert.strictEqual((yield* login({ origin: friend })).status, 200)
      for (const path of ["refresh", "logout"]) {
        const byForm = yield* ask(`/api/v1/auth/${path}`, { form: { a: "b" }, headers: { cookie } })
        assert.strictEqual(byForm.status, 415)
      }
      assert.strictEqual((yield* refresh(cookie, { "sec-fetch-site": "same-origin" })).status, 200)
    })
  )

  it.effect("logging out ends the session's token, cookie and sockets at once", () =>
    Effect.gen(function* () {
      const first = yield* login()
      const socket = yield* openLive(`?token=${tokenOf(first)}`)
      const ticket = yield* ask("/api/v1/ws-tickets", { method: "POST", token: tokenOf(first) })
      const out = yield* ask("/api/v1/auth/logout", { body: {}, headers: { cookie: cookieOf(first) } })
      assert.strictEqual(out.status, 204)
      assert.strictEqual(cookieOf(out), "walstream_refresh=")
      assertEnded(yield* me(tokenOf(first)))
      assert.strictEqual((yield* refresh(cookieOf(first))).status, 401)
      assert.strictEqual(yield* socket.closed, 4401)
      const late = yield* Effect.flip(openLive(`?ticket=${member(ticket.json, "ticket")}`))
      assert.strictEqual(late._tag, "Refused")

      const byToken = yield* login()
      const again = ask("/api/v1/auth/logout", { body: {}, token: tokenOf(byToken) })
      assert.strictEqual((yield* again).status, 204)
      assertEnded(yield* me(tokenOf(byToken)))
      assert.strictEqual((yield* again).status, 204)
    }).pipe(Effect.scoped)
  )

  it.effect("logging out ends what is shown, also by a token that is past, and takes the cookie away", () =>
    Effect.gen(function* () {
      const [first, other, good] = [yield* login(), yield* login(), yield* login()]
      const out = (answer: Answer, token: string, headers = {}) =>
        ask("/api/v1/auth/logout", {
          body: {},
          token,
          headers: { cookie: cookieOf(answer), ...headers }
        })
      const byCookie = yield* out(first, "a.b.c")
      assert.strictEqual(byCookie.status, 204)
      assert.strictEqual(cookieOf(byCookie), "walstream_refresh=")
      assert.strictEqual((yield* refresh(cookieOf(first))).status, 401)

      const [, payload = ""] = tokenOf(other).split(".")
      const { sub, sid } = JSON.parse(Buffer.from(payload, "base64url").toString())
      const minted = Effect.flatMap(Tokens, (tokens) =>
        tokens.issue({ userId: sub, sessionId: sid, until: 1_700_000_000_000 })
      )
      const past = yield* Effect.provide(minted, Tokens.layer({ secret: testSecret, seconds: 1 }))
      assert.strictEqual((yield* me(past)).status, 401)
      yield* ask("/api/v1/auth/logout", { body: {}, token: past })
      assertEnded(yield* me(tokenOf(other)))

      // A page of elsewhere gets nowhere by the cookie, whatever it shows beside it.
      yield* out(good, "a.b.c", { origin: "https://evil.example" })
      assert.strictEqual((yield* me(tokenOf(good))).status, 200)
      assert.strictEqual(cookieOf(yield* out(good, tokenOf(good))), "walstream_refresh=")
      assertEnded(yield* me(tokenOf(good)))
    })
  )

  it.effect("lists one's own sessions, and ends one of them or all others", () =>
    Effect.gen(function* () {
      yield* later(50_000)
      const [here, there, elsewhere] = [
        yield* login({ "user-agent": "here" }),
        yield* login(),
        yield* login()
      ]
      const operator = yield* tokenFor("operator")
      const token = tokenOf(here)
      const listed = yield* ask("/api/v1/auth/sessions", { token })
      const items: ReadonlyArray<{ id: string; is_current: boolean; user_agent: string; address: string }> =
        JSON.parse(listed.text).items
      assert.lengthOf(items, 3)
      const current = items.filter(({ is_current: is }) => is)
      assert.deepInclude(current, items[2])
      assert.deepInclude(items[2], { user_agent: "here", address: "127.0.0.1" })

      const path = `/api/v1/auth/sessions/${items[1]?.id}`
      const foreign = yield* ask(path, { method: "DELETE", token: operator })
      assert.strictEqual(foreign.status, 404)
      assert.strictEqual((yield* ask(path, { method: "DELETE", token })).status, 204)
      assertEnded(yield* me(tokenOf(there)))
      assert.strictEqual((yield* ask(path, { method: "DELETE", token })).status, 404)
      assert.strictEqual((yield* me(tokenOf(elsewhere))).status, 200)
      assert.strictEqual((yield* ask("/api/v1/auth/sessions", { method: "DELETE", token })).status, 204)
      assertEnded(yield* me(tokenOf(elsewhere)))
      assert.strictEqual((yield* me(token)).status, 200)
      assert.strictEqual((yield* me(operator)).status, 200)
    })
  )

  it.effect("are 50 of a user at most: of more the ones that were longest unused end", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* tokenFor("viewer")
      yield* sql`DELETE FROM sessions`
      yield* sql`INSERT INTO sessions (user_id, family_digest, refresh_digest, address, user_agent, used_at, ends_at)
        SELECT id, 'f' || n, 'r' || n, '', 'old ' || n, now() - make_interval(secs => n), now() + interval '1 hour'
        FROM users, generate_series(1, 60) n WHERE username = 'test-viewer'`
      const made = yield* login()
      assert.strictEqual((yield* me(tokenOf(made))).status, 200)
      const kept = yield* sql<{
        readonly name: string
      }>`SELECT user_agent AS name FROM sessions ORDER BY used_at DESC`
      assert.lengthOf(kept, 50)
      assert.strictEqual(kept.at(-1)?.name, "old 49")
      yield* sql`DELETE FROM sessions`
    })
  )

  it.effect("a login that was under way when the password was changed opens nothing", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* tokenFor("viewer")
      const isWaiting = sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM pg_locks
        WHERE NOT granted AND relation = 'sessions'::regclass`
      const late = yield* sql.withTransaction(
        Effect.gen(function* () {
          // The password is held against its hash; then the session waits here.
          yield* sql`LOCK TABLE sessions IN EXCLUSIVE MODE`
          const under = yield* Effect.forkChild(login(), { startImmediately: true })
          yield* isWaiting.pipe(Effect.repeat({ until: ([row]) => row?.n === 1 }))
          yield* sql`UPDATE users SET password_hash = password_hash || 'x' WHERE username = 'test-viewer'`
          yield* sql`DELETE FROM sessions`
          return under
        })
      )
      const answer = yield* Fiber.join(late)
      assert.strictEqual(answer.status, 401)
      assert.include(answer.json, { type: `${problem}invalid-credentials` })
      assert.lengthOf(yield* sql`SELECT 1 AS one FROM sessions`, 0)
      yield* sql`UPDATE users SET password_hash = left(password_hash, -1) WHERE username = 'test-viewer'`
    })
  )

  it.effect("another password ends all other sessions, and takes the one before", () =>
    Effect.gen(function* () {
      const [here, there] = [yield* login(), yield* login()]
      const change = (current_password: string, new_password: string) =>
        ask("/api/v1/auth/password", { token: tokenOf(here), body: { current_password, new_password } })
      const wrong = yield* change("not my password", "a better password")
      assert.strictEqual(wrong.status, 400)
      assert.include(wrong.text, '"path":"current_password"')
      for (const bad of ["short", "password", "test-viewer1"]) {
        const refused = yield* change(form.password, bad)
        assert.strictEqual(refused.status, 400, bad)
        assert.include(refused.text, '"path":"new_password"')
      }
      assert.strictEqual((yield* me(tokenOf(there))).status, 200)
      assert.strictEqual((yield* change(form.password, "a better password")).status, 204)
      assert.strictEqual((yield* me(tokenOf(here))).status, 200)
      assertEnded(yield* me(tokenOf(there)))
      assert.strictEqual((yield* login({ "x-forwarded-for": "192.0.2.50" })).status, 401)
      assert.strictEqual((yield* change("a better password", form.password)).status, 204)
      const guesses: Array<number> = []
      for (let i = 0; i < 4; i++) guesses.push((yield* change(`guess ${i}`, "another password")).status)
      assert.deepStrictEqual(guesses.slice(-1), [429])
    })
  )

  it.effect("a user that is disabled, whoever did it, is out at once, and its cookie, too", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const first = yield* login({ "x-forwarded-for": "192.0.2.60" })
      assert.strictEqual((yield* me(tokenOf(first))).status, 200)
      yield* sql`UPDATE users SET is_active = false WHERE username = 'test-viewer'`
      const refused = yield* me(tokenOf(first)).pipe(
        Effect.filterOrFail(({ status }) => status === 401),
        Effect.eventually,
        Effect.timeout("2 seconds")
      )
      assertEnded(refused)
      assert.strictEqual((yield* refresh(cookieOf(first))).status, 401)
      yield* sql`UPDATE users SET is_active = true WHERE username = 'test-viewer'`
    })
  )
})
