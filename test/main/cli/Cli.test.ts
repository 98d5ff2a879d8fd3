import { execFile } from "node:child_process"
import { mkdtemp, rm, stat } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import manifest from "../../../package.json" with { type: "json" }
import { localAccessFile, writeLocalAccess } from "../../../src/main/LocalAccess.ts"
import { version } from "../../../src/main/Version.ts"
import { JobStore } from "../../../src/replay/JobStore.ts"
import { apiLayer, ask, baseUrl, tokenFor, trouble } from "../../control/TestApi.ts"
import { run } from "./RunCli.ts"

const access = Effect.gen(function* () {
  return { WALSTREAM_URL: yield* baseUrl, WALSTREAM_TOKEN: yield* tokenFor("operator") }
})

/** Something that speaks HTTP and is none of ours. */
const stranger = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
    const server = createServer((_, response) => {
      response.writeHead(404, { "content-type": "application/json" }).end('{"status":404}')
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-cli-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

layer(apiLayer("cli"), { timeout: "60 seconds", excludeTestServices: true })("walstream", (it) => {
  it.effect("has the package's version, and says it", () =>
    Effect.gen(function* () {
      assert.strictEqual(version, manifest.version)
      const said = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["src/main/Cli.ts", "--version"])
      )
      assert.deepStrictEqual([said.stdout.trim(), said.stderr], [`walstream v${version}`, ""])
    })
  )

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
      assert.match(status.text, /^processes +\w+ \d+ on \S+, version \S+: up, last heard at \d{4}-/mu)
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

  it.effect("estimates a job, shows what one failed at, and has it pass over that change", () =>
    Effect.gen(function* () {
      const env = yield* access
      const estimate = yield* run(env, ["jobs", "estimate", "--from", "beginning", "--speed", "max"])
      assert.strictEqual(estimate.code, 0, estimate.error)
      assert.match(estimate.text, /^volume +4 changes in 3 transactions/mu)
      const filtered = ["jobs", "estimate", "--from", "beginning", "--table", "public.orders", "--json"]
      assert.include((yield* run(env, filtered)).text, '"filtered":true')

      const at = "0000000000000200-0000000001"
      const made = yield* run(env, ["jobs", "create", "--from", "beginning", "--start", "--json"])
      const { id }: { id: string } = JSON.parse(made.text)
      const never = yield* run(env, ["jobs", "failures", id])
      assert.deepInclude(never, { code: 0, text: "it has never failed" })
      const early = yield* run(env, ["jobs", "skip", id, "--reason", "x"])
      assert.include(early, {
        code: 1,
        error: "the job is queued, and has not failed at a change: there is nothing to skip"
      })
      const sql = yield* PgClient.PgClient
      yield* sql`UPDATE jobs SET status = 'failed', completed_at = now(), error_code = 'rejected',
        error_message = 'said why', error_position = ${at} WHERE id = ${id}`
      const other = yield* run(env, [
        "jobs",
        "skip",
        id,
        "--reason",
        "x",
        "--position",
        at.replace(/1$/u, "0")
      ])
      assert.strictEqual(other.code, 1)
      assert.include(other.error, `has failed at ${at}`)
      assert.strictEqual((yield* run(env, ["jobs", "skip", id])).code, 2)
      const skipped = yield* run(env, ["jobs", "skip", id, "--reason", "no depot there"])
      assert.strictEqual(skipped.code, 0, skipped.error)
      assert.include(skipped.text, `it passes over ${at} once it goes on: walstream jobs resume ${id}`)
      const failures = yield* run(env, ["jobs", "failures", id])
      assert.include(failures.text, "said why (rejected)")
      assert.include(failures.text, `at ${at}, which it is to pass over`)
      assert.include(failures.text, "delete   depot.stock")
      const history = yield* run(env, ["jobs", "history", "latest"])
      assert.match(
        history.text,
        new RegExp(
          `^TIME +WHAT\n\\S+ \\S+Z +test-\\w+ skipped ${at}: no depot there\n.+ a worker failed at ${at} \\(rejected\\)\n`,
          "u"
        )
      )
    })
  )

  it.effect("lets somebody in, who chooses a password at the address that it says", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const admin = { WALSTREAM_URL: url, WALSTREAM_TOKEN: yield* tokenFor("admin") }
      const made = yield* run(admin, ["users", "create", "grace", "--role", "operator"])
      assert.strictEqual(made.code, 0, made.error)
      const codeIn = (text: string) => /\/set-password#([\w-]{43})$/u.exec(text)?.[1] ?? "none"
      const choose = (text: string) =>
        ask("/api/v1/auth/set-password", {
          body: { code: codeIn(text), new_password: "a phrase of its own" }
        })
      assert.strictEqual((yield* choose(made.text)).status, 204)
      assert.match((yield* run(admin, ["users", "list"])).text, /^grace +operator /mu)
      const reset = yield* run(admin, ["users", "reset-password", "Grace"])
      assert.strictEqual((yield* choose(reset.text)).status, 204)
      const taken = yield* run(admin, ["users", "create", "grace"])
      assert.strictEqual(taken.code, 1)
      assert.include(taken.error, "choose another user name")
      assert.strictEqual((yield* run(admin, ["users", "reset-password", "nobody"])).code, 1)
      assert.strictEqual((yield* run(yield* access, ["users", "list"])).code, 1)
    })
  )

  it.effect("shows, checks and exports the audit log", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const admin = { WALSTREAM_URL: url, WALSTREAM_TOKEN: yield* tokenFor("admin") }
      yield* run(admin, ["jobs", "create", "--last", "5m", "--name", "=one,two"])
      const list = yield* run(admin, ["audit", "list", "--action", "jobs.create", "--limit", "1"])
      assert.strictEqual(list.code, 0, list.error)
      assert.match(list.text, /test-admin +127\.0\.0\.1 +jobs\.create +[0-9a-f-]{36} +done/u)
      assert.strictEqual((yield* run(yield* access, ["audit", "list"])).code, 1)
      const ndjson = yield* run(admin, ["audit", "export", "--actor", "test-admin"])
      assert.isTrue(ndjson.lines.every((line) => JSON.parse(line).actor === "test-admin"))
      const csv = yield* run(admin, ["audit", "export", "--actor", "test-admin", "--format", "csv"])
      assert.lengthOf(csv.lines, ndjson.lines.length + 1)
      assert.match(csv.lines[0] ?? "", /^seq,at,/u)

      const { config } = yield* PgClient.PgClient
      const here = { DATABASE_URL: Redacted.value(config.url ?? Redacted.make("")) }
      for (const environment of [admin, here]) {
        const checked = yield* run(environment, ["audit", "verify"])
        assert.strictEqual(checked.code, 0, checked.error)
        const [, end = ""] = /the end is (\d+:[0-9a-f]{64})$/u.exec(checked.text) ?? []
        assert.strictEqual((yield* run(environment, ["audit", "verify", "--head", end])).code, 0)
        const other = yield* run(environment, ["audit", "verify", "--head", end.replace(/.{4}$/u, "0000")])
        assert.strictEqual(other.code, 1)
        assert.include(other.text, "is not the one that was told")
        assert.strictEqual((yield* run(environment, ["audit", "verify", "--head", "x"])).code, 2)
      }
    })
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
        [{ ...env, WALSTREAM_URL: (yield* stranger).url }, ["jobs", "list"], 1, "does not understand"],
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
    }).pipe(Effect.scoped)
  )
})
