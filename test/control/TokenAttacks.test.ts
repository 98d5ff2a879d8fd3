import { createHash, generateKeyPairSync, hkdfSync } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { IpNetwork } from "effect/net"
import { SignJWT } from "jose"
import { hashPassword } from "../../src/control/auth/PasswordHash.ts"
import { Passwords } from "../../src/control/auth/Passwords.ts"
import { Tokens } from "../../src/control/auth/Tokens.ts"
import { Users } from "../../src/control/auth/Users.ts"
import { apiLayer, ask, testSecret, tokenFor } from "./TestApi.ts"

/** As the server derives it: who has the secret can sign. */
const key = new Uint8Array(hkdfSync("sha256", Redacted.value(testSecret), "walstream", "access tokens", 32))
const kid = createHash("sha256").update(key).digest("base64url").slice(0, 12)

const now = () => Math.floor(Date.now() / 1000)

interface Forgery {
  readonly header?: object
  readonly claims?: Readonly<Record<string, unknown>>
  readonly by?: Parameters<SignJWT["sign"]>[0]
}

layer(apiLayer("token_attacks", { trustedProxies: [IpNetwork.fromStringUnsafe("127.0.0.0/8")] }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("forged tokens", (it) => {
  it.effect("one of ours is taken; none that differs in what it is, whom it is for or who signed it", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* tokenFor("viewer")
      const [held] = yield* sql<{ readonly sub: string; readonly sid: string }>`
        SELECT user_id::text AS sub, id::text AS sid FROM sessions LIMIT 1`
      const base = {
        ...held,
        iss: "walstream",
        aud: "walstream-api",
        jti: "1",
        iat: now(),
        nbf: now(),
        exp: now() + 60
      }
      const good = { alg: "HS256", typ: "at+jwt", kid }
      const forge = ({ header = {}, claims = {}, by = key }: Forgery) =>
        Effect.promise(() =>
          new SignJWT({ ...base, ...claims }).setProtectedHeader({ ...good, ...header }).sign(by)
        )
      const unsigned = (header: object) =>
        `${[header, base].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`
      const me = (token: string) => ask("/api/v1/auth/me", { token })

      const ours = yield* forge({})
      assert.strictEqual((yield* me(ours)).status, 200)

      const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
      const publicPem = rsa.publicKey.export({ type: "spki", format: "pem" })
      const [head = "", body = "", signature = ""] = ours.split(".")
      const admin = Buffer.from(JSON.stringify({ ...base, sub: "somebody else" })).toString("base64url")
      const forged = new Map<string, string>([
        ["alg none", unsigned({ ...good, alg: "none" })],
        ["alg None", unsigned({ ...good, alg: "None" })],
        ["no signature", `${head}.${body}.`],
        ["other claims under our signature", `${head}.${admin}.${signature}`],
        ["another of the HS family", yield* forge({ header: { alg: "HS512" } })],
        ["RS256 under our kid", yield* forge({ header: { alg: "RS256" }, by: rsa.privateKey })],
        ["HS256 by a public key", yield* forge({ by: new TextEncoder().encode(String(publicPem)) })],
        [
          "our secret itself as the key",
          yield* forge({ by: new TextEncoder().encode(Redacted.value(testSecret)) })
        ],
        ["another kid", yield* forge({ header: { kid: "another" } })],
        ["no kid", yield* forge({ header: { kid: undefined } })],
        ["a kid that is a path", yield* forge({ header: { kid: "../../dev/null" }, by: new Uint8Array(32) })],
        ["another type", yield* forge({ header: { typ: "JWT" } })],
        ["another issuer", yield* forge({ claims: { iss: "somebody" } })],
        ["another audience", yield* forge({ claims: { aud: "another-api" } })],
        ["not yet", yield* forge({ claims: { nbf: now() + 3600 } })],
        ["no session", yield* forge({ claims: { sid: undefined } })],
        ["no end", yield* forge({ claims: { exp: undefined } })]
      ])
      for (const [what, token] of forged) {
        const answer = yield* me(token)
        assert.strictEqual(answer.status, 401, what)
        assert.isNull(answer.headers.get("x-token-expired"), what)
      }
      const past = yield* me(yield* forge({ claims: { exp: now() - 1 } }))
      assert.deepStrictEqual([past.status, past.headers.get("x-token-expired")], [401, "true"])
      // A session of nobody's is one that has ended.
      const nowhere = yield* me(yield* forge({ claims: { sid: "00000000-0000-4000-8000-000000000000" } }))
      assert.deepStrictEqual([nowhere.status, nowhere.headers.get("x-token-expired")], [401, "true"])
    })
  )
})

it.effect("another secret signs; what the former one has signed is taken only where it is named", () =>
  Effect.gen(function* () {
    const [old, next] = [
      Redacted.make("the secret that it was before, 32"),
      Redacted.make("the secret that it is now, 32 too")
    ]
    const subject = { userId: "7", sessionId: "s", until: Number.MAX_SAFE_INTEGER }
    const use = <A, E>(effect: Effect.Effect<A, E, Tokens>, options: Parameters<typeof Tokens.layer>[0]) =>
      Effect.provide(effect, Tokens.layer(options))
    const token = yield* use(
      Tokens.use((tokens) => tokens.issue(subject)),
      { secret: old, seconds: 60 }
    )
    const verify = Tokens.use((tokens) => tokens.verify(token))
    const taken = yield* use(verify, { secret: next, former: [old], seconds: 60 })
    assert.deepInclude(taken, { userId: "7", sessionId: "s" })
    const refused = yield* Effect.flip(use(verify, { secret: next, seconds: 60 }))
    assert.strictEqual(refused._tag, "TokenRefused")
  })
)

/** Counts what is hashed: that is what takes the time. */
const counted = { hashes: 0 }
const counting = Layer.effect(
  Passwords,
  Effect.map(Passwords, (passwords) => ({
    hash: (password: Redacted.Redacted) => {
      counted.hashes += 1
      return passwords.hash(password)
    },
    matches: (password: Redacted.Redacted, hash: string | undefined) => {
      counted.hashes += 1
      return passwords.matches(password, hash)
    }
  }))
).pipe(Layer.provide(Passwords.layer))

layer(apiLayer("login_work"), { timeout: "60 seconds", excludeTestServices: true })("a login", (it) => {
  it.effect("costs one hash, whether there is such a user, it is disabled, or the password is wrong", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const hash = yield* hashPassword(Redacted.make("right"))
      yield* sql`INSERT INTO users (username, password_hash, role, is_active)
        VALUES ('ada', ${hash}, 'viewer', true), ('gone', ${hash}, 'viewer', false)`
      const users = yield* Users
      for (const [username, password] of [
        ["ada", "right"],
        ["ada", "wrong"],
        ["gone", "right"],
        ["nobody", "wrong"]
      ] as const) {
        counted.hashes = 0
        yield* users.login(username, Redacted.make(password))
        assert.strictEqual(counted.hashes, 1, username)
      }
      // Who registers a name that is taken waits as long as who does not; the closed door opens for nobody.
      const registration = { email: "x@example.com", password: Redacted.make("a password") }
      for (const [username, isOpen, work] of [
        ["ada", true, 1],
        ["new", true, 1],
        ["ada", false, 0],
        ["newer", false, 0]
      ] as const) {
        counted.hashes = 0
        yield* Effect.flatten(users.register({ username, ...registration }, isOpen))
        assert.strictEqual(counted.hashes, work, username)
      }
    }).pipe(Effect.provide(Layer.provide(Layer.fresh(Users.layerNoDeps), counting)))
  )
})
