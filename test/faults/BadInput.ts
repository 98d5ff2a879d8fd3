import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { makeTestPostgres, type TestPostgres } from "../servers/TestPostgres.ts"
import { startWalStream } from "./WalStreamProcess.ts"

/** One server for a file of tests. */
export class Server extends Context.Service<Server, TestPostgres>()("test/faults/BadInput/Server") {
  static readonly layer = Layer.effect(this, makeTestPostgres({ settings: { max_replication_slots: "20" } }))
}

export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-bad-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

/** Each test starts processes, on a machine that may be busy. */
export const patience = { timeout: 120_000 }

/** Nobody listens there. */
export const nowhere = "postgres://user:password@127.0.0.1:9/database"

export const run = (url: Redacted.Redacted, sql: string) =>
  connectPg({ url, applicationName: "test" }).pipe(
    Effect.flatMap((session) => session.script(sql)),
    Effect.scoped
  )

/** The same database for another role. */
export const as = (url: Redacted.Redacted, role: string, password: string): string => {
  const address = new URL(Redacted.value(url))
  address.username = role
  address.password = password
  return address.href
}

let names = 0

/** Two new databases: what a process needs. The source has a table. */
export const makeDatabases = Effect.gen(function* () {
  const { createDatabase } = yield* Server
  const number = ++names
  const source = yield* createDatabase(`source_${number}`)
  const control = yield* createDatabase(`control_${number}`)
  yield* run(source, "CREATE TABLE public.t (id int PRIMARY KEY, v text)")
  return {
    source,
    control,
    env: {
      SOURCE_URL: Redacted.value(source),
      DATABASE_URL: Redacted.value(control),
      SLOT_NAME: `slot_${number}`
    }
  }
})

/** A start that must end by itself: gives what it said, without logs and without a stack trace. */
export const refused = Effect.fnUntraced(function* (
  dataDir: string,
  env: Readonly<Record<string, string>>,
  code: number
) {
  const walstream = yield* startWalStream({ dataDir, env: { LOG_LEVEL: "Error", ...env } })
  assert.strictEqual(yield* walstream.exitCode, code, walstream.log())
  const said = walstream.log().trim()
  for (const line of said.split("\n")) assert.match(line, /^walstream: /u)
  return said
}, Effect.scoped)
