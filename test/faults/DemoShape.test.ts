import { mkdtemp, readFile, rm } from "node:fs/promises"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Redacted, Schedule } from "effect"
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

const momentIn = (secondsAhead: number) =>
  `to_char((clock_timestamp() + interval '${secondsAhead} seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** A moment by the shop's clock, as the API takes it. */
const shopTime = (url: DatabaseUrl, secondsAhead: number) =>
  Effect.gen(function* () {
    const shop = yield* connectPg({ url: url(demoSource), applicationName: "test" })
    const [row] = yield* shop.query(`SELECT ${momentIn(secondsAhead)} AS moment`)
    return row?.["moment"] ?? ""
  }).pipe(Effect.scoped)

const covered = (api: ApiClient, moment: string) =>
  until(
    `the log covers ${moment}`,
    Effect.map(api.coverage, ({ archive }) => (archive.coverage.to_time ?? "") > moment)
  )

/** From here to the scope's end the shop stands still. */
const closeShop = Effect.fnUntraced(function* (url: DatabaseUrl) {
  const shop = yield* connectPg({ url: url(demoSource), applicationName: "test" })
  yield* shop.query(`SELECT pg_advisory_lock(${workloadLock})`)
})

/** The shop stands still while the effect runs, and the log has all of it. */
const whileClosed = <A, E, R>(
  url: DatabaseUrl,
  api: ApiClient,
  effect: (now: string) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    yield* closeShop(url)
    const now = yield* shopTime(url, 0)
    yield* covered(api, now)
    return yield* effect(now)
  }).pipe(Effect.scoped)

const completed = Effect.fnUntraced(function* (api: ApiClient, id: string) {
  yield* until(
    "the job ends",
    Effect.map(api.job(id), ({ status }) => status === "completed" || status === "failed"),
    120
  )
  const job = yield* api.job(id)
  assert.strictEqual(job.status, "completed", job.error?.message)
  return job
})

/** Creates, starts and awaits a job. */
const runJob = Effect.fnUntraced(function* (api: ApiClient, spec: Readonly<Record<string, unknown>>) {
  const { id } = yield* api.createJob(spec)
  yield* api.act(id, "start")
  return yield* completed(api, id)
})

/** Half a minute of history at ten times its pace, into a window that ends ahead; gives that end. */
const replayAtTenfold = Effect.fnUntraced(function* (api: ApiClient, url: DatabaseUrl, from: string) {
  yield* covered(api, yield* shopTime(url, 30))
  const end = yield* shopTime(url, 8)
  const { id } = yield* api.createJob({ start_time: from, end_time: end, speed_factor: 10 })
  yield* api.act(id, "start")
  // Once it has caught up it is as fast as the shop: what counts is what it told before.
  const live = yield* Effect.map(api.job(id), (job) => job.live).pipe(
    Effect.repeat({ until: (now) => now?.effective_speed != null, schedule: Schedule.spaced("50 millis") }),
    Effect.timeout("8 seconds")
  )
  assert.isAtLeast(live?.effective_speed ?? 0, 9)
  // Milliseconds on a quiet machine; this one may be busy with other tests.
  assert.isBelow(live?.pacing_error_ms?.p99 ?? Number.POSITIVE_INFINITY, 250)
  yield* Effect.gen(function* () {
    yield* closeShop(url)
    assert.isTrue((yield* shopTime(url, 0)) < end, "the window ended before the shop was closed")
    yield* completed(api, id)
    yield* assertSameDatabases(url(demoSource), url(demoTarget))
  }).pipe(Effect.scoped)
  return end
})

const changesSince = (api: ApiClient, seq: number, by: number) =>
  until(
    "the shop is busy",
    Effect.map(api.source, (now) => now.seq >= seq + by)
  )

/** How much longer everything takes because others are at work on this machine. */
const othersShare = () => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())

it.live(
  "the demo, from nothing: jobs keep their pace and end equal, and a SIGKILL of everything loses nothing",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-demo-"))),
        (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true, maxRetries: 50 }))
      )
      const start = startWalStream({ dataDir, env: { DEMO_RATE: "60" } })

      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const startedAt = yield* Clock.currentTimeMillis
          const walstream = yield* start
          const api = yield* walstream.ready
          yield* until(
            "a first change",
            Effect.map(api.recentEvents(10), ({ items }) => items.length > 0)
          )
          assert.isBelow((yield* Clock.currentTimeMillis) - startedAt, 10_000 * othersShare())
          yield* changesSince(api, 0, 100)
          const url = yield* demoServer(dataDir)
          const middle = yield* whileClosed(url, api, (now) =>
            Effect.gen(function* () {
              const job = yield* runJob(api, { start_time: null, end_time: now, speed_factor: "max" })
              assert.isAbove(job.events_processed, 100)
              yield* assertSameDatabases(url(demoSource), url(demoTarget))
              return now
            })
          )
          const end = yield* replayAtTenfold(api, url, middle)
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
          const before = walstream.log().length
          assert.strictEqual(yield* walstream.stop, 0, walstream.log())
          assert.notMatch(walstream.log().slice(before), /"level":"(?:WARN|ERROR)"/u)
        })
      )
    }).pipe(Effect.scoped),
  { timeout: 240_000 }
)
