import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { workloadLock } from "../../src/main/demo/DemoWorkload.ts"
import { demoSource, demoTarget } from "../../src/main/demo/PrepareDemo.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import type { ApiClient } from "./ApiClient.ts"
import { until } from "./Scene.ts"
import { startWalStream } from "./WalStreamProcess.ts"

/** The embedded server of a running demo: its port changes with each life. */
const demoServer = (dataDir: string) =>
  Effect.promise(async () => {
    const home = join(dataDir, "postgres")
    const port = (await readFile(join(home, "data", "postmaster.pid"), "utf8")).split("\n")[3]
    const password = await readFile(join(home, "password"), "utf8")
    return (database: string) =>
      Redacted.make(`postgres://postgres:${password}@127.0.0.1:${port}/${database}`)
  })

type DatabaseUrl = (database: string) => Redacted.Redacted

/** The shop stands still while the effect runs, and the log has all of it. */
const whileClosed = <A, E, R>(
  url: DatabaseUrl,
  api: ApiClient,
  effect: (now: string) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const shop = yield* connectPg({ url: url(demoSource), applicationName: "test" })
    yield* shop.query(`SELECT pg_advisory_lock(${workloadLock})`)
    const [row] = yield* shop.query(
      `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now,
              pg_current_wal_insert_lsn() AS lsn`
    )
    const now = row?.["now"] ?? ""
    yield* until(
      "the log covers this moment",
      Effect.map(api.coverage, ({ archive }) => (archive.coverage.to_time ?? "") > now)
    )
    return yield* effect(now)
  }).pipe(Effect.scoped)

/** Creates, starts and awaits a job. */
const runJob = Effect.fnUntraced(function* (api: ApiClient, spec: Readonly<Record<string, unknown>>) {
  const { id } = yield* api.createJob(spec)
  yield* api.act(id, "start")
  yield* until(
    "the job ends",
    Effect.map(api.job(id), ({ status }) => status === "completed" || status === "failed"),
    120
  )
  const job = yield* api.job(id)
  assert.strictEqual(job.status, "completed", job.error?.message)
  return job
})

const changesSince = (api: ApiClient, seq: number, by: number) =>
  until(
    "the shop is busy",
    Effect.map(api.source, (now) => now.seq >= seq + by)
  )

it.live(
  "the demo, from nothing: two jobs end equal, and a SIGKILL of everything loses nothing",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-demo-"))),
        (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
      )
      const start = startWalStream({ dataDir, env: { DEMO_RATE: "60" } })

      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const walstream = yield* start
          const api = yield* walstream.ready
          yield* until(
            "a first change",
            Effect.map(api.recentEvents(10), ({ items }) => items.length > 0)
          )
          yield* changesSince(api, 0, 100)
          const url = yield* demoServer(dataDir)
          const end = yield* whileClosed(url, api, (now) =>
            Effect.gen(function* () {
              const job = yield* runJob(api, { start_time: null, end_time: now, speed_factor: "max" })
              assert.isAbove(job.events_processed, 100)
              yield* assertSameDatabases(url(demoSource), url(demoTarget))
              return now
            })
          )
          const { seq } = yield* api.source
          yield* changesSince(api, seq, 20)
          yield* walstream.kill
          return { end, seq }
        })
      )

      yield* Effect.scoped(
        Effect.gen(function* () {
          const walstream = yield* start
          const api = yield* walstream.ready
          const { seq } = yield* api.source
          yield* changesSince(api, Math.max(seq, first.seq), 20)
          const url = yield* demoServer(dataDir)
          yield* whileClosed(url, api, (now) =>
            Effect.gen(function* () {
              yield* runJob(api, { start_time: first.end, end_time: now, speed_factor: 10 })
              yield* assertSameDatabases(url(demoSource), url(demoTarget))
            })
          )
          assert.strictEqual(yield* walstream.stop, 0, walstream.log())
        })
      )
    }).pipe(Effect.scoped),
  { timeout: 240_000 }
)
