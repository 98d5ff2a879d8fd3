import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { IpNetwork } from "effect/net"
import { hashPassword } from "../../src/control/auth/PasswordHash.ts"
import { secondsAfter } from "../../src/control/auth/SecondFactors.ts"
import { appCode, wrongCode } from "./AppCode.ts"
import { withSecondFactor } from "./SecondFactorSteps.ts"
import { type Answer, apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const password = "a phrase of its own"
const trustedProxies = [IpNetwork.fromStringUnsafe("127.0.0.0/8")]

let addresses = 0
/** Nobody before it has failed there. */
const elsewhere = () => ({ "x-forwarded-for": `198.51.100.${addresses++ % 256}` })

const login = (username: string, otp?: string, pass = password) =>
  ask("/api/v1/auth/token", {
    form: { username, password: pass, ...(otp === undefined ? {} : { otp }) },
    headers: elsewhere()
  })
const tokenIn = ({ json }: Answer) => String(member(json, "access_token"))
const statusesOf = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status).sort()
const assertType = (answer: Answer, status: number, slug: string) =>
  assert.deepInclude(answer.json, { type: `${problem}${slug}`, status }, answer.text)

const person = Effect.fnUntraced(function* (username: string) {
  const sql = yield* PgClient.PgClient
  const hash = yield* hashPassword(Redacted.make(password))
  yield* sql`INSERT INTO users (username, password_hash, role) VALUES (${username}, ${hash}, 'operator')`
  const token = tokenIn(yield* login(username))
  return { token, ...(yield* withSecondFactor(token, password)) }
})
const remove = (token: string, current_password: string, code: string) =>
  ask("/api/v1/auth/second-factor/remove", { token, body: { current_password, code }, headers: elsewhere() })
const stateOf = (token: string) =>
  Effect.map(ask("/api/v1/auth/second-factor", { token }), ({ json }) => json)

layer(apiLayer("second_factors", { trustedProxies }), { timeout: "60 seconds", excludeTestServices: true })(
  "a second factor",
  (it) => {
    it.effect("is asked for from its confirmation on, and ends the sessions that did without", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const hash = yield* hashPassword(Redacted.make(password))
        yield* sql`INSERT INTO users (username, password_hash, role) VALUES ('ada', ${hash}, 'operator')`
        const [token, other] = [tokenIn(yield* login("ada")), tokenIn(yield* login("ada"))]
        assert.deepStrictEqual(yield* stateOf(token), { is_on: false, recovery_codes_left: 0 })

        const first = yield* ask("/api/v1/auth/second-factor", {
          token,
          body: { current_password: password }
        })
        assert.strictEqual((yield* login("ada")).status, 200, "begun is not on")
        const { secret, codes, begun } = yield* withSecondFactor(token, password)
        assert.notStrictEqual(member(first.json, "secret"), secret)
        assert.match(secret, /^[A-Z2-7]{32}$/u)
        assert.include(
          String(member(begun.json, "otpauth_uri")),
          `otpauth://totp/WalStream:ada?secret=${secret}&`
        )
        assert.strictEqual(new Set(codes).size, 10)
        for (const code of codes) assert.match(code, /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/u)
        assert.deepStrictEqual(yield* stateOf(token), { is_on: true, recovery_codes_left: 10 })
        assert.strictEqual((yield* ask("/api/v1/auth/me", { token: other })).status, 401)

        assertType(yield* login("ada"), 401, "second-factor-required")
        assertType(yield* login("ada", wrongCode(secret)), 401, "second-factor-required")
        assert.strictEqual(
          (yield* login("ada", `${appCode(secret, 1).slice(0, 3)} ${appCode(secret, 1).slice(3)}`)).status,
          200
        )
        assertType(
          yield* ask("/api/v1/auth/second-factor", { token, body: { current_password: password } }),
          409,
          "second-factor-present"
        )
      })
    )

    it.effect("takes each code once, however many show it at once, and none that is older", () =>
      Effect.gen(function* () {
        const { secret } = yield* person("bob")
        const code = appCode(secret, 1)
        const all = yield* Effect.all([login("bob", code), login("bob", code), login("bob", code)], {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(statusesOf(all), [200, 401, 401])
        assertType(yield* login("bob", code), 401, "second-factor-required")
        assertType(yield* login("bob", appCode(secret)), 401, "second-factor-required")
      })
    )

    it.effect("takes each recovery code once, as it is typed", () =>
      Effect.gen(function* () {
        const { token, codes } = yield* person("cy")
        const [code = "", second = ""] = codes
        const all = yield* Effect.all([login("cy", code), login("cy", code)], { concurrency: "unbounded" })
        assert.deepStrictEqual(statusesOf(all), [200, 401])
        assert.strictEqual((yield* login("cy", second.toLowerCase().replaceAll("-", " "))).status, 200)
        assert.deepStrictEqual(yield* stateOf(token), { is_on: true, recovery_codes_left: 8 })
      })
    )

    it.effect("bounds guesses wherever they come from, and lets a recovery code in meanwhile", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { secret, codes } = yield* person("dee")
        const wrong = wrongCode(secret)
        for (let i = 0; i < 5; i++) assertType(yield* login("dee", wrong), 401, "second-factor-required")
        yield* sql`UPDATE second_factors SET failures = 12 WHERE failures = 5`
        for (const code of [wrong, appCode(secret, 1)]) {
          const refused = yield* login("dee", code)
          assertType(refused, 429, "too-many-failures")
          assert.isAbove(Number(refused.headers.get("retry-after")), 60)
        }
        assertType(yield* login("dee", appCode(secret, 1), "wrong"), 401, "invalid-credentials")
        assert.strictEqual((yield* login("dee", codes[0])).status, 200)
        yield* sql`UPDATE second_factors SET failed_at = failed_at - interval '1 hour' WHERE failures = 12`
        assert.strictEqual((yield* login("dee", appCode(secret, 1))).status, 200)
        const waits = Array.from({ length: 30 }, (_, failures) => secondsAfter(failures))
        assert.deepStrictEqual(waits.slice(0, 8), [0, 0, 0, 0, 0, 1, 2, 4])
        assert.strictEqual(waits.at(-1), 3600)
      })
    )

    it.effect(
      "a wrong code counts for the growing delay of an address, one that was not asked for yet does not",
      () =>
        Effect.gen(function* () {
          const { secret } = yield* person("eve")
          const from = Effect.fnUntraced(function* (address: string, tries: ReadonlyArray<{ otp?: string }>) {
            const headers = { "x-forwarded-for": address }
            return yield* Effect.forEach(tries, (otp) =>
              Effect.map(
                ask("/api/v1/auth/token", { form: { username: "eve", password, ...otp }, headers }),
                ({ status }) => status
              )
            )
          })
          const [wrong, right] = [{ otp: wrongCode(secret) }, { otp: appCode(secret, 1) }]
          assert.deepStrictEqual(
            yield* from("203.0.113.9", [wrong, wrong, wrong, right]),
            [401, 401, 401, 429]
          )
          const first = Array.from({ length: 10 }, () => ({}))
          assert.deepStrictEqual(yield* from("203.0.113.10", [...first, right]), [
            ...first.map(() => 401),
            200
          ])
        })
    )

    it.effect("is told of to nobody who has not the password", () =>
      Effect.gen(function* () {
        const { secret } = yield* person("flo")
        const answers = [
          yield* login("flo", undefined, "wrong"),
          yield* login("flo", appCode(secret, 1), "wrong"),
          yield* login("nobody", "123456"),
          yield* login("nobody")
        ]
        const told = answers.map(({ status, json }) => [status, member(json, "type"), member(json, "detail")])
        for (const each of told) assert.deepStrictEqual(each, [401, `${problem}invalid-credentials`, null])
        const sql = yield* PgClient.PgClient
        yield* sql`UPDATE users SET is_active = false WHERE username = 'flo'`
        assertType(yield* login("flo", appCode(secret, 1)), 401, "invalid-credentials")
        assertType(yield* login("flo"), 401, "invalid-credentials")
      })
    )

    it.effect(
      "is neither made nor removed by a stolen session: that takes the password, and to remove it a code",
      () =>
        Effect.gen(function* () {
          const { token, secret, codes } = yield* person("gil")
          const begin = yield* ask("/api/v1/auth/second-factor", {
            token,
            body: { current_password: "wrong" },
            headers: elsewhere()
          })
          assert.include(begin.text, '"path":"current_password"')
          const stolen = yield* remove(token, "wrong", appCode(secret, 1))
          assert.strictEqual(stolen.status, 400)
          assert.include(stolen.text, '"path":"current_password"')
          assert.include((yield* remove(token, password, wrongCode(secret))).text, '"path":"code"')
          assert.deepStrictEqual(yield* stateOf(token), { is_on: true, recovery_codes_left: 10 })
          const made = yield* ask("/api/v1/api-keys", {
            token: yield* tokenFor("admin"),
            body: { name: "x", scopes: ["read", "jobs", "admin"] }
          })
          assert.strictEqual(
            (yield* remove(String(member(made.json, "key")), password, "123456")).status,
            403
          )
          // A code that was not looked at is as good as before.
          assert.strictEqual((yield* remove(token, password, appCode(secret, 1))).status, 204)
          assert.deepStrictEqual(yield* stateOf(token), { is_on: false, recovery_codes_left: 0 })
          assert.include((yield* remove(token, password, codes[0] ?? "")).text, '"path":"code"')
          assert.strictEqual((yield* login("gil")).status, 200)
        })
    )

    it.effect(
      "outlives another password, keeps sessions and keys going, and a lost one is an admin's to remove",
      () =>
        Effect.gen(function* () {
          const admin = yield* tokenFor("admin")
          const { token, secret } = yield* person("hal")
          const opened = yield* login("hal", appCode(secret, 1))
          const cookie = opened.headers.get("set-cookie")?.split(";", 1)[0] ?? ""
          const refreshed = yield* ask("/api/v1/auth/refresh", { body: {}, headers: { cookie } })
          assert.strictEqual(refreshed.status, 200, refreshed.text)
          const id = String(member((yield* ask("/api/v1/auth/me", { token })).json, "id"))
          const reset = yield* ask(`/api/v1/users/${id}/reset-password`, { token: admin, method: "POST" })
          yield* ask("/api/v1/auth/set-password", {
            body: { code: member(reset.json, "code"), new_password: password }
          })
          assertType(yield* login("hal"), 401, "second-factor-required")

          const path = `/api/v1/users/${id}/second-factor`
          assert.strictEqual((yield* ask(path, { token: admin, method: "DELETE" })).status, 204)
          assert.strictEqual((yield* login("hal")).status, 200)
          const me = String(member((yield* ask("/api/v1/auth/me", { token: admin })).json, "id"))
          const own = yield* ask(`/api/v1/users/${me}/second-factor`, { token: admin, method: "DELETE" })
          assert.include(own.text, '"path":"id"')
          assert.strictEqual(
            (yield* ask(path, { token: yield* tokenFor("operator"), method: "DELETE" })).status,
            403
          )
        })
    )

    it.effect("is on record with who did it, and neither secret nor code is kept anywhere", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { token, secret, codes } = yield* person("ida")
        yield* login("ida", codes[0])
        yield* remove(token, password, codes[1] ?? "")
        const id = String(member((yield* ask("/api/v1/auth/me", { token })).json, "id"))
        const lines = yield* sql<{
          readonly line: string
        }>`SELECT actor || ' ' || action AS line FROM audit_log
          WHERE target = ${id} ORDER BY seq`
        assert.deepStrictEqual(
          lines.map(({ line }) => line),
          [
            "ida auth.beginSecondFactor",
            "ida auth.confirmSecondFactor",
            "ida auth.token",
            "ida auth.removeSecondFactor"
          ]
        )
        const { secret: live, codes: left } = yield* withSecondFactor(token, password)
        yield* login("ida", wrongCode(live))
        // Refusals are written a little later, together.
        yield* sql`SELECT 1 AS one FROM audit_log WHERE actor = 'ida' AND problem = 'second-factor-required'
            AND outcome = 'refused'`.pipe(
          Effect.filterOrFail((rows) => rows.length > 0),
          Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 })
        )
        const [kept] = yield* sql<{ readonly all: string }>`SELECT (SELECT json_agg(a) FROM audit_log a)::text
          || (SELECT json_agg(f) FROM second_factors f)::text || (SELECT json_agg(c) FROM recovery_codes c)::text AS all`
        for (const each of [secret, live, ...codes, ...left]) {
          assert.notInclude(kept?.all ?? "", each)
          assert.notInclude(kept?.all ?? "", each.replaceAll("-", ""))
        }
      })
    )
  }
)
