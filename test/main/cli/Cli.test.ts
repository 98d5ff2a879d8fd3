import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Schedule } from "effect"
import { CliError, Command } from "effect/cli"
import manifest from "../../../package.json" with { type: "json" }
import { cli, exitCodeOf, runCli } from "../../../src/main/Cli.ts"
import { Screen } from "../../../src/main/cli/Screen.ts"
import { localAccessFile, writeLocalAccess } from "../../../src/main/LocalAccess.ts"
import { readSettings, Settings } from "../../../src/main/Settings.ts"
import { version } from "../../../src/main/Version.ts"
import { JobStore } from "../../../src/replay/JobStore.ts"
import { apiLayer, baseUrl, tokenFor, trouble } from "../../control/TestApi.ts"

const errorOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return ""
  const error = Cause.squash(exit.cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") {
    return error.errors.map((fault) => fault.message).join("\n")
  }
  return error instanceof Error ? error.message : String(error)
}

/** Runs the command line with these variables and gives what it printed and how it ended. */
const run = Effect.fnUntraced(function* (
  environment: Record<string, string>,
  words: ReadonlyArray<string>,
  isTerminal = false
) {
  const lines: Array<string> = []
  const statuses: Array<string> = []
  const screen = Layer.succeed(Screen, {
    isTerminal,
    columns: 100,
    line: (text) => Effect.sync(() => void lines.push(text)),
    status: (text) => Effect.sync(() => void statuses.push(text))
  })
  const settings = Layer.effect(
    Settings,
    Effect.suspend(() => Effect.fromResult(readSettings(environment)))
  )
  const exit = yield* runCli(cli.pipe(Command.provide(settings)), words).pipe(
    Effect.provide(Layer.mergeAll(screen, NodeServices.layer)),
    Effect.exit
  )
  return { lines, statuses, text: lines.join("\n"), code: exitCodeOf(exit), error: errorOf(exit) }
})

const access = Effect.gen(function* () {
  return { WALSTREAM_URL: yield* baseUrl, WALSTREAM_TOKEN: yield* tokenFor("operator") }
})

const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-cli-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

layer(apiLayer("cli"), { timeout: "60 seconds", excludeTestServices: true })("walstream", (it) => {
  it("has the package's version", () => {
    assert.strictEqual(version, manifest.version)
  })

  it.effect("creates, shows, lists, changes and deletes jobs", () =>
    Effect.gen(function* () {
      const env = yield* access
      const made = yield* run(env, [
        "jobs",
        "create",
        "--from",
        "beginning",
        "--speed",
        "max",
        "--name",
        "all",
        "--table",
        "public.orders",
        "--table",
        "depot.stock",
        "--max-gap",
        "90s",
        "--json"
      ])
      assert.strictEqual(made.code, 0)
      const job: { id: string; [field: string]: unknown } = JSON.parse(made.text)
      assert.deepInclude(job, { start_time: null, speed_factor: "max", name: "all", max_gap_seconds: 90 })
      assert.deepInclude(job, { tables: ["public.orders", "depot.stock"] })

      const shown = yield* run(env, ["jobs", "show", job.id.slice(0, 8)])
      assert.include(shown.text, "the beginning to what is there when it starts")
      assert.include((yield* run(env, ["jobs", "show", "latest"])).text, job.id)
      assert.include((yield* run(env, ["jobs", "list", "--status", "pending"])).text, "pending")
      assert.include((yield* run(env, ["jobs", "set", job.id, "--speed", "2.5"])).text, "2.5x")
      assert.include((yield* run(env, ["jobs", "start", job.id])).text, "is queued")
      const kept = yield* run(env, ["jobs", "delete", job.id])
      assert.strictEqual(kept.code, 1)
      assert.include(kept.error, "the job is queued: cannot delete")
      assert.include((yield* run(env, ["jobs", "pause", job.id])).text, "is paused")
      assert.include((yield* run(env, ["jobs", "cancel", job.id])).text, "is cancelled")
      assert.include((yield* run(env, ["jobs", "delete", job.id])).text, "is deleted")
      assert.strictEqual((yield* run(env, ["jobs", "show", job.id])).code, 1)
    })
  )

  it.effect("watches a job to its end: 0 when it completed, 3 when it did not", () =>
    Effect.gen(function* () {
      const env = yield* access
      const store = yield* JobStore
      for (const ends of ["complete", "fail"] as const) {
        const work = Effect.gen(function* () {
          const job = yield* store.acquire("worker", 60).pipe(
            Effect.flatMap((taken) => Effect.fromOption(taken)),
            Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 })
          )
          yield* store.plan(job.id, 1, {
            history: null,
            range: { start: 1, end: 5 },
            store: "memory",
            storeReason: "young",
            changes: 4
          })
          yield* store.progress(
            job.id,
            1,
            {
              position: { seq: 2, ordinal: 0 },
              outer: "0000000000000200-0000000000",
              commitTime: 1,
              hints: {}
            },
            { processed: 2, duplicate: 0, converged: 0 }
          )
          yield* ends === "complete"
            ? store.complete(job.id, 1)
            : store.fail(job.id, 1, { code: "rejected", message: "no such table", position: "0-1" })
        })
        const words = ["jobs", "create", "--last", "15m", "--speed", "max", "--watch"]
        const [watched] = yield* Effect.all([run(env, words, ends === "complete"), work], { concurrency: 2 })
        assert.strictEqual(watched.code, ends === "complete" ? 0 : 3)
        assert.include(
          watched.text,
          ends === "complete" ? "completed (2 applied)" : "failed (2 applied): no such table at 0-1"
        )
      }
    })
  )

  it.effect("shows events and the state of things", () =>
    Effect.gen(function* () {
      const env = yield* access
      const tail = yield* run(env, ["events", "tail", "--once", "--table", "public.orders", "-n", "2"])
      assert.deepStrictEqual(tail.lines, [
        "03:04:05.000 2:0 update   public.orders  id=7 note=Gelöscht",
        "03:04:05.000 3:0 truncate depot.stock, public.orders"
      ])
      const status = yield* run(env, ["status"])
      assert.include(status.text, "demo")
      assert.include(status.text, "transactions 1 to 3")
    })
  )

  it.effect("lets capture go over the hole that it has stopped at, for an admin who says why", () =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          trouble.current = {}
        })
      )
      const words = ["source", "accept-gap", "--reason", "the disk was full"]
      const admin = { WALSTREAM_URL: yield* baseUrl, WALSTREAM_TOKEN: yield* tokenFor("admin") }
      const nothing = yield* run(admin, words)
      assert.include(nothing, { code: 1, error: "nothing is lost: capture is capturing" })
      const gap = { id: "cli", incarnation: 1, from_lsn: "0/800", until_lsn: null }
      trouble.current = { phase: "stopped", code: "slot_missing", message: "the slot is gone", gap }
      const refused = yield* run(yield* access, words)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.error, "needs the role admin")
      assert.strictEqual((yield* run(admin, ["source", "accept-gap"])).code, 2)
      const accepted = yield* run(admin, words)
      assert.strictEqual(accepted.code, 0, accepted.error)
      assert.include(accepted.text, "accepted as test-admin: the slot is gone")
      assert.include(accepted.text, "life 2 of shop")
    }).pipe(Effect.scoped)
  )

  it.effect("finds the instance of its data directory, and logs in there by itself", () =>
    Effect.gen(function* () {
      yield* tokenFor("viewer")
      const dataDir = yield* temporaryDirectory
      const url = yield* baseUrl
      const login = { url, username: "test-viewer", password: "a good password" }
      yield* writeLocalAccess(dataDir, login)
      const { mode } = yield* Effect.promise(() => stat(localAccessFile(dataDir)))
      assert.strictEqual(mode & 0o777, 0o600)
      assert.strictEqual((yield* run({ DATA_DIR: dataDir }, ["jobs", "list"])).code, 0)
      yield* writeLocalAccess(dataDir, { ...login, password: "" })
      assert.strictEqual(
        (yield* run({ DATA_DIR: dataDir, ADMIN_PASSWORD: "a good password" }, ["status"])).code,
        0
      )
    })
  )

  it.effect("says what is wrong, with the right code", () =>
    Effect.gen(function* () {
      const env = yield* access
      const cases = [
        [{}, ["jobs", "bogus"], 2, "bogus"],
        [env, ["jobs", "create", "--speed", "max"], 2, "one of --from, --last or --start-lsn"],
        [env, ["jobs", "create", "--from", "someday"], 2, "--from must be"],
        [
          env,
          ["jobs", "create", "--last", "5m", "--speed", "500"],
          2,
          "speed_factor: must be a number from 0.1 to 100"
        ],
        [env, ["jobs", "create", "--last", "5m", "--target", "nowhere"], 1, "target: there is no target"],
        [env, ["jobs", "show", "nope"], 2, "there is no job nope"],
        [{ ...env, WALSTREAM_TOKEN: "stale" }, ["jobs", "list"], 1, "walstream login"],
        [{ ...env, WALSTREAM_URL: "http://127.0.0.1:9" }, ["jobs", "list"], 1, "does not answer"],
        [{ WALSTREAM_TOKEN: "x" }, ["jobs", "list"], 2, "WALSTREAM_URL"],
        [{ HTTP_PORT: "x", JOB_WORKER_COUNT: "many" }, ["status"], 78, "JOB_WORKER_COUNT must be"],
        [{}, ["migrate"], 2, "DATABASE_URL is not set"],
        [
          { DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" },
          ["migrate", "--check"],
          1,
          "control database"
        ]
      ] as const
      for (const [environment, words, code, text] of cases) {
        const result = yield* run(environment, words)
        assert.strictEqual(result.code, code, `${words.join(" ")}: ${result.error}`)
        assert.include(result.error, text)
      }
    })
  )
})
