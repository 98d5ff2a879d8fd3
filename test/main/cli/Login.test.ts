import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { goOn, logIn } from "../../../src/main/cli/Login.ts"
import { loginFile, writeLogin } from "../../../src/main/cli/StoredLogin.ts"
import { writeLocalAccess } from "../../../src/main/LocalAccess.ts"
import { appCode, wrongCode } from "../../control/AppCode.ts"
import { withSecondFactor } from "../../control/SecondFactorSteps.ts"
import { apiLayer, ask, baseUrl, member, tokenFor } from "../../control/TestApi.ts"
import { run } from "./RunCli.ts"

/** A home of its own, where logins are kept. */
const temporaryHome = Effect.acquireRelease(
  Effect.promise(async () => {
    const before = process.env["HOME"]
    const home = await mkdtemp(join(tmpdir(), "walstream-home-"))
    process.env["HOME"] = home
    return { home, before }
  }),
  ({ home, before }) =>
    Effect.promise(async () => {
      process.env["HOME"] = before
      await rm(home, { recursive: true, force: true })
    })
)

layer(apiLayer("cli_login"), { timeout: "60 seconds", excludeTestServices: true })(
  "walstream login",
  (it) => {
    it.effect("with a key from the environment: it is looked at, and kept for the other commands", () =>
      Effect.gen(function* () {
        const { home } = yield* temporaryHome
        const url = yield* baseUrl
        const token = yield* tokenFor("admin")
        const made = yield* ask("/api/v1/api-keys", { token, body: { name: "cli", scopes: ["read"] } })
        const key = String(member(made.json, "key"))
        const env = { WALSTREAM_URL: url, WALSTREAM_API_KEY: key }
        assert.strictEqual((yield* run(env, ["jobs", "list"])).code, 0)
        const login = yield* run(env, ["login"])
        assert.strictEqual(login.code, 0, login.error)
        assert.include(login.text, "with a key of test-admin")
        const file = join(home, ".config", "walstream", "login.json")
        assert.strictEqual((yield* Effect.promise(() => stat(file))).mode & 0o777, 0o600)
        assert.strictEqual((yield* run({ WALSTREAM_URL: url }, ["jobs", "list"])).code, 0)
        const refused = yield* run({ WALSTREAM_URL: url }, ["jobs", "create", "--last", "5m"])
        assert.strictEqual(refused.code, 1)
        const wrong = yield* run({ ...env, WALSTREAM_API_KEY: `${key.slice(0, -1)}0` }, ["login"])
        assert.strictEqual(wrong.code, 1)
        assert.strictEqual(JSON.parse(yield* Effect.promise(() => readFile(file, "utf8"))).token, key)
        const malformed = yield* run({ ...env, WALSTREAM_API_KEY: "x" }, ["login"])
        assert.strictEqual(malformed.code, 78)
      }).pipe(Effect.scoped)
    )

    it.effect("what is kept of a password's login goes on for as long as the session does", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const url = yield* baseUrl
        yield* tokenFor("viewer")
        const first = yield* logIn(url, "test-viewer", "a good password")
        assert.strictEqual(yield* goOn(first), first)
        const next = yield* goOn({ ...first, until: 0 })
        assert.isNotNull(next)
        assert.notStrictEqual(next?.token, first.token)
        assert.notStrictEqual(next?.cookie, first.cookie)
        const again = yield* goOn({ ...first, until: 0 })
        assert.strictEqual(again?.cookie, first.cookie)
        yield* sql`DELETE FROM sessions`
        assert.isNull(yield* goOn({ ...first, until: 0 }))
      })
    )

    it.effect(
      "asks for a code where there is a second factor, and goes on with what is kept without one",
      () =>
        Effect.gen(function* () {
          const { home } = yield* temporaryHome
          const url = yield* baseUrl
          const admin = { WALSTREAM_URL: url, WALSTREAM_TOKEN: yield* tokenFor("admin") }
          const { secret } = yield* withSecondFactor(yield* tokenFor("operator"), "a good password")
          const wanted = yield* Effect.flip(logIn(url, "test-operator", "a good password"))
          assert.strictEqual(wanted._tag, "SecondFactorRequired")
          const wrong = yield* Effect.flip(logIn(url, "test-operator", "a good password", wrongCode(secret)))
          assert.include(wrong.message, "wants a code of the second factor that is good")

          const login = yield* logIn(url, "test-operator", "a good password", appCode(secret, 1))
          const dataDir = join(home, "data")
          yield* Effect.promise(() => mkdir(dataDir))
          yield* writeLocalAccess(dataDir, { url, username: "test-operator", password: "a good password" })
          const alone = yield* run({ DATA_DIR: dataDir }, ["jobs", "list"])
          assert.strictEqual(alone.code, 1)
          assert.include(alone.error, `run \`walstream login --url ${url}\``)
          yield* writeLogin(loginFile(), login)
          for (let i = 0; i < 4; i++) {
            assert.strictEqual((yield* run({ DATA_DIR: dataDir }, ["jobs", "list"])).code, 0)
          }

          const removed = yield* run(admin, ["users", "remove-second-factor", "Test-Operator"])
          assert.strictEqual(removed.code, 0, removed.error)
          assert.include(removed.text, "logs in by password alone")
          assert.strictEqual((yield* run({ DATA_DIR: dataDir }, ["jobs", "list"])).code, 1)
        }).pipe(Effect.scoped)
    )
  }
)
