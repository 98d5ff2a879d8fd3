import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { controlDatabase } from "../../src/control/ControlDatabase.ts"
import { examineControl } from "../../src/control/doctor/ExamineControl.ts"
import { examineTarget } from "../../src/control/doctor/ExamineTarget.ts"
import { migrate } from "../../src/control/Migrations.ts"
import type { Finding } from "../../src/ingest/doctor/Finding.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { TestServer } from "./TestControl.ts"

const codes = (findings: ReadonlyArray<Finding>) =>
  findings.map(({ severity, code }) => `${severity} ${code}`)

const run = (url: Redacted.Redacted, sql: string) =>
  connectPg({ url, applicationName: "test" }).pipe(
    Effect.flatMap((session) => session.script(sql)),
    Effect.scoped
  )

layer(TestServer.layer, { timeout: "60 seconds", excludeTestServices: true })("doctor", (it) => {
  it.effect("tells what keeps a target from being written, and which tables do not fit", () =>
    Effect.gen(function* () {
      const { createDatabase } = yield* TestServer
      const source = yield* createDatabase("doctor_source")
      const url = yield* createDatabase("doctor_target")
      yield* run(
        source,
        "CREATE TABLE public.good (id int PRIMARY KEY, a text, b text GENERATED ALWAYS AS (a) STORED);" +
          "CREATE TABLE public.narrow (id int PRIMARY KEY, a text); CREATE TABLE public.absent (id int)"
      )
      yield* run(
        url,
        "CREATE TABLE public.good (id int PRIMARY KEY, a text); CREATE TABLE public.narrow (id int)"
      )
      const findings = yield* examineTarget({ name: "default", url, source })
      assert.deepStrictEqual(codes(findings), ["warning unfit_table", "warning unfit_table"])
      assert.include(findings[0]?.message, "public.absent: the target has no such table")
      assert.include(findings[1]?.message, 'public.narrow: the target lacks "a"')

      const same = yield* examineTarget({ name: "second", url: source, source })
      assert.deepStrictEqual(codes(same), ["error same_as_source"])
      assert.include(same[0]?.fix, "TARGET_SECOND_URL")
    })
  )

  it.effect("tells a role without rights what to grant", () =>
    Effect.gen(function* () {
      const { createDatabase } = yield* TestServer
      const url = yield* createDatabase("doctor_rights")
      yield* run(url, "CREATE ROLE plain LOGIN PASSWORD 'plain'")
      const plain = new URL(Redacted.value(url))
      plain.username = "plain"
      plain.password = "plain"
      const as = (password: string) => {
        plain.password = password
        return examineTarget({ name: "default", url: Redacted.make(plain.href), source: null })
      }
      const findings = yield* as("plain")
      assert.deepStrictEqual(codes(findings), ["error no_ledger", "info triggers_fire"])
      assert.include(findings[0]?.fix, "CREATE SCHEMA IF NOT EXISTS walstream")
      const refused = yield* as("wrong")
      assert.deepStrictEqual(codes(refused), ["error refused"])
      assert.notInclude(refused[0]?.message, "wrong")
    })
  )

  it.effect("tells a missing server, a missing database and a wrong revision apart", () =>
    Effect.gen(function* () {
      const server = yield* TestServer
      const nowhere = Redacted.make("postgres://x:y@127.0.0.1:9/z")
      assert.deepStrictEqual(codes(yield* examineControl(nowhere)), ["error unreachable"])
      assert.deepStrictEqual(codes(yield* examineControl(server.url("none"))), ["error no_database"])
      const url = yield* server.createDatabase("doctor_control")
      const [old] = yield* examineControl(url)
      assert.include(old, { code: "revision", fix: "npx walstream migrate" })
      yield* migrate.pipe(Effect.provide(Layer.fresh(controlDatabase({ url, applicationName: "test" }))))
      assert.deepStrictEqual(yield* examineControl(url), [])
    })
  )
})
