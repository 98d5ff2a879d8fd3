import { assert } from "@effect/vitest"
import { Effect, Fiber, type Redacted, Schedule, Schema } from "effect"
import { runWorkload, workloadLock } from "../../src/main/demo/DemoWorkload.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import type { ApiClient, JobView } from "../faults/ApiClient.ts"
import { until } from "../faults/Scene.ts"
import { assertSameDatabases, keepRows } from "../servers/CompareDatabases.ts"
import { pgbench, pgbenchInit } from "../servers/Pgbench.ts"
import { emptyShop, type makePlatform } from "./Platform.ts"

export type Platform = Effect.Success<ReturnType<typeof makePlatform>>

class JobEnded extends Schema.TaggedError<JobEnded>()("JobEnded", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

/** Asks again while the API's process, or something behind it, is away. */
export const patiently = <A, E, R>(request: Effect.Effect<A, E, R>) =>
  Effect.retry(request, { schedule: Schedule.spaced("200 millis"), times: 900 })

/** A shop that is kept busy, and its end. */
export const busyShop = (platform: Platform, rate = 60) =>
  Effect.map(Effect.forkScoped(runWorkload({ url: platform.sourceUrl, rate })), (load) => ({
    close: Fiber.interrupt(load)
  }))

/** Tables of the empty shop and of pgbench, whose accounts are there from the start. */
export const shopAndBench = (url: Redacted.Redacted) => Effect.andThen(emptyShop(url), pgbenchInit(url, 1))

/** The shop, and pgbench beside it: 50 of its transactions a second. */
export const busyShopAndBench = Effect.fnUntraced(function* (platform: Platform) {
  const shop = yield* busyShop(platform)
  const bench = yield* Effect.forkScoped(
    pgbench(platform.sourceUrl, ["--client=2", "--rate=50", "--time=86400", "--no-vacuum"])
  )
  return { close: Effect.andThen(shop.close, Fiber.interrupt(bench)) }
})

export const startJob = (api: ApiClient, spec: Readonly<Record<string, unknown>>) =>
  patiently(api.createJob(spec)).pipe(Effect.flatMap((job) => patiently(api.act(job.id, "start"))))

/** The first table that a transaction of pgbench writes to, if it is there. */
const holdBench = `
  DO $$ BEGIN
    IF to_regclass('public.pgbench_accounts') IS NOT NULL THEN
      LOCK TABLE public.pgbench_accounts IN EXCLUSIVE MODE;
    END IF;
  END $$`

/** The source stands still around a moment of its clock, and is kept as it was then. */
const keepAt = Effect.fnUntraced(function* (platform: Platform, moment: Date) {
  const session = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
  yield* session.script(`SELECT pg_advisory_lock(${workloadLock}); BEGIN; ${holdBench}`)
  const [row] = yield* session.query("SELECT (clock_timestamp() < $1::timestamptz)::text AS early", [
    moment.toISOString()
  ])
  if (row?.["early"] !== "true") {
    return yield* new JobEnded({ detail: "the source did not stand still in time: the machine is too busy" })
  }
  yield* until(
    "the moment has come",
    Effect.map(
      session.query("SELECT (clock_timestamp() > $1::timestamptz)::text AS met", [moment.toISOString()]),
      ([now]) => now?.["met"] === "true"
    )
  )
  return yield* keepRows(platform.sourceUrl)
}, Effect.scoped)

/** A moment ahead to end windows at, and how the source will be then: it stands still for two seconds before. */
export const closingIn = Effect.fnUntraced(function* (platform: Platform, millis: number) {
  const moment = new Date(Date.now() + millis)
  const kept = yield* Effect.forkScoped(Effect.andThen(Effect.sleep(millis - 2000), keepAt(platform, moment)))
  return { end_time: moment.toISOString(), kept: Fiber.join(kept) }
})

/** Of two workers the one that holds a job, and the one that does not; undefined while neither does. */
export const workersOfJob = (platform: Platform, { worker_id: by }: JobView) => {
  const holds = (name: string) => by?.endsWith(`-${platform.processOf(name).pid()}`) === true
  const workers = ["worker", "worker-2"] as const
  const name = workers.find(holds)
  const next = workers.find((other) => other !== name)
  if (name === undefined || next === undefined) return undefined
  return { name, holder: platform.processOf(name), other: platform.processOf(next) }
}

/** Waits for a job to come as far as `isThere`; its failure is the test's. */
export const untilJob = (
  api: ApiClient,
  id: string,
  what: string,
  isThere: (job: JobView) => boolean,
  seconds = 120
) =>
  until(
    what,
    Effect.gen(function* () {
      const job = yield* api.job(id)
      if (job.status !== "failed") return isThere(job)
      return yield* Effect.die(
        new JobEnded({ detail: `${what}: the job failed: ${job.error?.code} ${job.error?.message}` })
      )
    }),
    seconds
  )

/** Waits until everything that the source has done is archived, and a job has applied it; the last seq. */
export const settled = Effect.fnUntraced(function* (platform: Platform, api: ApiClient, id: string) {
  const last = yield* platform.archived(api, 180)
  yield* untilJob(api, id, `the job reaches ${last}`, (job) => (job.checkpoint?.seq ?? 0) >= last)
  return last
})

/** Ends pgbench, and holds what became of its changes against the source: nothing lost, applied twice or corrected. */
export const endOfPgbench = Effect.fnUntraced(function* (
  platform: Platform,
  api: ApiClient,
  id: string,
  load: Fiber.Fiber<unknown, unknown>
) {
  const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
  yield* Fiber.interrupt(load)
  yield* until(
    "pgbench has ended",
    Effect.map(
      source.query("SELECT FROM pg_stat_activity WHERE application_name = 'pgbench'"),
      (rows) => rows.length === 0
    )
  )
  const last = yield* settled(platform, api, id)
  yield* assertSameDatabases(platform.sourceUrl, platform.targetUrl)
  const { events_converged, events_duplicate } = yield* api.job(id)
  assert.deepStrictEqual([events_converged, events_duplicate], [0, 0])
  const audit = yield* platform.audit
  assert.deepStrictEqual([audit.faults, audit.transactions], [[], last])
  for (const [name, { ownEnds }] of platform.processes) assert.deepStrictEqual(ownEnds(), [], name)
}, Effect.scoped)
