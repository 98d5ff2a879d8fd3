import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Option, Redacted, Ref } from "effect"
import { IpNetwork } from "effect/net"
import { TestClock } from "effect/testing"
import { SignJWT, UnsecuredJWT } from "jose"
import { hashPassword, matchesPassword } from "../../src/control/auth/PasswordHash.ts"
import { Tokens } from "../../src/control/auth/Tokens.ts"
import { Users } from "../../src/control/auth/Users.ts"
import { apiLayer, ask, member, testSecret, tokenFor } from "./TestApi.ts"

const subject = { userId: "7", sessionId: "s", until: 9_000_000 }
const tokens = Tokens.layer({ secret: testSecret, seconds: 600 })

it.effect("a token is good until its time is over", () =>
  Effect.gen(function* () {
    const service = yield* Tokens
    const token = yield* service.issue(subject)
    assert.deepStrictEqual(yield* service.verify(token), { ...subject, until: 600_000 })
    yield* TestClock.adjust("599 seconds")
    assert.deepStrictEqual(yield* service.verify(token), { ...subject, until: 600_000 })
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual((yield* Effect.flip(service.verify(token)))._tag, "TokenPast")
  }).pipe(Effect.provide(tokens))
)

it.effect("nothing but our own tokens is taken", () =>
  Effect.gen(function* () {
    const service = yield* Tokens
    const good = yield* service.issue(subject)
    const [head = "", body = "", signature = ""] = good.split(".")
    const forged = btoa(JSON.stringify({ ...JSON.parse(atob(body)), role: "admin" })).replaceAll("=", "")
    const otherKey = yield* Effect.promise(() =>
      new SignJWT({ name: "x", role: "admin" })
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
        .setSubject("1")
        .setIssuer("walstream")
        .setAudience("walstream-api")
        .setJti("1")
        .setNotBefore(0)
        .setExpirationTime(10_000)
        .sign(new TextEncoder().encode("another secret, just as long as it"))
    )
    const unsigned = new UnsecuredJWT({ name: "x", role: "admin" })
      .setSubject("1")
      .setIssuer("walstream")
      .setAudience("walstream-api")
      .setExpirationTime(10_000)
      .encode()
    for (const token of [
      "",
      "x",
      `${head}.${forged}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      otherKey,
      unsigned
    ]) {
      assert.strictEqual((yield* Effect.flip(service.verify(token)))._tag, "TokenRefused", token)
    }
    const elsewhere = yield* Tokens.pipe(
      Effect.provide(
        Tokens.layer({ secret: Redacted.make("the secret of another installation"), seconds: 600 })
      )
    )
    assert.strictEqual((yield* Effect.flip(elsewhere.verify(good)))._tag, "TokenRefused")
  }).pipe(Effect.provide(tokens))
)

it.effect("a password is taken exactly as it is: no letter stands for another", () =>
  Effect.gen(function* () {
    const hash = yield* hashPassword(Redacted.make("o\ufb03ce keys"))
    assert.isTrue(yield* matchesPassword(Redacted.make("o\ufb03ce keys"), hash))
    for (const other of ["office keys", "O\ufb03ce keys", "o\ufb03ce keys ", "o\ufb03ce\u00a0keys"]) {
      assert.isFalse(yield* matchesPassword(Redacted.make(other), hash), other)
    }
  })
)

it.effect("a password matches its hash, and nothing else does", () =>
  Effect.gen(function* () {
    const password = Redacted.make("pässword with spaces ☂")
    const hash = yield* hashPassword(password)
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/u)
    assert.notStrictEqual(hash, yield* hashPassword(password))
    assert.isTrue(yield* matchesPassword(password, hash))
    assert.isFalse(yield* matchesPassword(Redacted.make("password with spaces"), hash))
    assert.isFalse(yield* matchesPassword(password, "plain"))
  })
)

layer(apiLayer("auth", { trustedProxies: [IpNetwork.fromStringUnsafe("127.0.0.0/8")] }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("login", (it) => {
  it.effect("only the first admin is made by itself", () =>
    Effect.gen(function* () {
      const users = yield* Users
      assert.isTrue(yield* users.bootstrap("Admin", Redacted.make("first password")))
      assert.isFalse(yield* users.bootstrap("admin", Redacted.make("second password")))
      const found = yield* users.login("aDMIN", Redacted.make("first password"))
      assert.include(Option.getOrThrow(found), { username: "Admin", role: "admin" })
      assert.isTrue(Option.isNone(yield* users.login("admin", Redacted.make("second password"))))
      const sql = yield* PgClient.PgClient
      assert.deepStrictEqual(
        yield* sql`SELECT actor, action, outcome, door, after->>'username' AS name, after->>'role' AS role FROM audit_log`,
        [
          {
            actor: "system",
            action: "users.bootstrap",
            outcome: "done",
            door: "system",
            name: "Admin",
            role: "admin"
          }
        ]
      )
    })
  )

  it.effect("refuses wrong password, unknown name and disabled user in the same words", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      yield* tokenFor("viewer")
      yield* tokenFor("operator")
      yield* sql`UPDATE users SET is_active = false WHERE username = 'test-operator'`
      const bodies = yield* Ref.make<ReadonlyArray<unknown>>([])
      for (const [i, [username, password]] of (
        [
          ["test-viewer", "wrong"],
          ["nobody", "a good password"],
          ["test-operator", "a good password"],
          ["' OR 1=1 --", "x"]
        ] as const
      ).entries()) {
        const answer = yield* ask("/api/v1/auth/token", {
          form: { username, password },
          // Who fails has to wait, and so would the next test.
          headers: { "x-forwarded-for": `192.0.2.${i}` }
        })
        assert.strictEqual(answer.status, 401)
        assert.isNull(answer.headers.get("x-token-expired"))
        yield* Ref.update(bodies, (all) => [
          ...all,
          member(answer.json, "type"),
          member(answer.json, "detail")
        ])
        assert.include(answer.json, { error: "invalid_grant" })
      }
      assert.strictEqual(new Set(yield* Ref.get(bodies)).size, 2)
    })
  )

  it.effect("an expired login is told apart by X-Token-Expired", () =>
    Effect.gen(function* () {
      const past = yield* Tokens.pipe(
        Effect.flatMap((service) => service.issue(subject)),
        Effect.provide(Tokens.layer({ secret: testSecret, seconds: -5 }))
      )
      const answer = yield* ask("/api/v1/auth/me", { token: past })
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(answer.headers.get("x-token-expired"), "true")
      assert.include(answer.json, { type: "https://walstream.dev/problems/token-expired" })
    })
  )

  it.effect("tells who I am", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      assert.include((yield* ask("/api/v1/auth/me", { token })).json, {
        username: "test-viewer",
        role: "viewer"
      })
    })
  )
})
