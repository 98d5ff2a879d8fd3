import { spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { Finding } from "../../src/ingest/doctor/Finding.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { as, makeDatabases, nowhere, patience, run, Server, temporaryDirectory } from "./BadInput.ts"

const repository = resolve(import.meta.dirname, "../..")
const Sections = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ part: Schema.String, findings: Schema.Array(Finding) }))
)

/** `npx walstream doctor --json`: its exit code, and the findings that matter as `part: severity code`. */
const doctor = Effect.fnUntraced(function* (env: Readonly<Record<string, string>>) {
  const dataDir = yield* temporaryDirectory
  const { code, text } = yield* Effect.promise(async () => {
    const child = spawn(process.execPath, ["bin/walstream.js", "doctor", "--json"], {
      cwd: repository,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], DATA_DIR: dataDir, ...env },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let written = ""
    child.stdout.on("data", (chunk) => {
      written += String(chunk)
    })
    const [exit] = await once(child, "close")
    return { code: exit, text: written }
  })
  const sections = yield* Schema.decodeEffect(Sections)(text)
  const findings = sections.flatMap(({ part, findings }) =>
    findings.filter(({ severity }) => severity !== "info").map((finding) => ({ part, ...finding }))
  )
  const codes = findings.map(({ part, severity, code }) => `${part.split(" ")[0]}: ${severity} ${code}`)
  return {
    code,
    codes,
    messages: findings.map(({ message }) => message),
    fixes: findings.map(({ fix }) => fix)
  }
}, Effect.scoped)

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("walstream doctor", (it) => {
  it.effect(
    "finds a server that does not decode",
    () =>
      Effect.gen(function* () {
        const server = yield* makeTestPostgres({ settings: { wal_level: "replica" } })
        const found = yield* doctor({ SOURCE_URL: Redacted.value(server.url("postgres")) })
        assert.strictEqual(found.code, 1)
        assert.deepStrictEqual(found.codes, ["source: error wal_level"])
        assert.include(found.fixes[0], "ALTER SYSTEM SET wal_level = 'logical'")
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "finds a role that may not replicate, and a table whose rows have no names",
    () =>
      Effect.gen(function* () {
        const { source } = yield* makeDatabases
        yield* run(source, "CREATE ROLE plain LOGIN PASSWORD 'plain'; CREATE TABLE public.keyless (id int)")
        const found = yield* doctor({ SOURCE_URL: as(source, "plain", "plain") })
        assert.strictEqual(found.code, 1)
        assert.deepStrictEqual(found.codes, [
          "source: error no_replication_right",
          "source: warning no_identity"
        ])
        assert.include(found.fixes[0], 'ALTER ROLE "plain" REPLICATION')
        assert.include(found.messages[1], "public.keyless")
        assert.include(found.fixes[1], "REPLICA IDENTITY FULL")
      }),
    patience
  )

  it.effect(
    "finds a table that the publication does not hold: the SQL it shows mends it",
    () =>
      Effect.gen(function* () {
        const { source, env } = yield* makeDatabases
        yield* run(
          source,
          "CREATE TABLE public.left_out (id int PRIMARY KEY); CREATE PUBLICATION walstream_publication FOR TABLE public.t"
        )
        const found = yield* doctor({ SOURCE_URL: env.SOURCE_URL })
        assert.strictEqual(found.code, 0)
        assert.deepStrictEqual(found.codes, ["source: warning not_published"])
        assert.include(found.messages[0], "public.left_out is not captured")
        yield* run(source, found.fixes[0] ?? "")
        assert.deepStrictEqual((yield* doctor({ SOURCE_URL: env.SOURCE_URL })).codes, [])
      }),
    patience
  )

  it.effect(
    "finds databases that are away, unknown, closed, too narrow or the source itself",
    () =>
      Effect.gen(function* () {
        const { source, control, env } = yield* makeDatabases
        const { createDatabase } = yield* Server
        const narrow = yield* createDatabase("narrow")
        yield* run(narrow, "CREATE TABLE public.t (id int PRIMARY KEY)")
        const found = yield* doctor({
          SOURCE_URL: env.SOURCE_URL,
          DATABASE_URL: as(control, "postgres", "wrong"),
          TARGET_AWAY_URL: nowhere,
          TARGET_NARROW_URL: Redacted.value(narrow),
          TARGET_SELF_URL: Redacted.value(source),
          TARGET_UNKNOWN_URL: `${env.SOURCE_URL}_not`
        })
        assert.strictEqual(found.code, 1)
        assert.deepStrictEqual(found.codes, [
          "target: error unreachable",
          "target: warning unfit_table",
          "target: error same_as_source",
          "target: error no_database",
          "control: error refused"
        ])
        assert.include(found.fixes[0], "TARGET_AWAY_URL")
        assert.include(found.messages[1], 'public.t: the target lacks "v"')
        assert.include(found.fixes[4], "DATABASE_URL")
      }),
    patience
  )
})
