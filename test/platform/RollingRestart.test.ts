import { assert, it } from "@effect/vitest"
import { Effect, Fiber, type Redacted, Schedule } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import type { ApiClient, ApiError } from "../faults/ApiClient.ts"
import { until } from "../faults/Scene.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { pgbench, pgbenchInit } from "../servers/Pgbench.ts"
import { makePlatform } from "./Platform.ts"
import { type Platform, patiently, settled, startJob, untilJob } from "./Scenario.ts"

const prepare = (url: Redacted.Redacted) => pgbenchInit(url, 1)

/** What a client does that is worth its salt: again, when nobody answers or the server says that it cannot now. */
const again = { schedule: Schedule.spaced("100 millis"), times: 300 }
const mayPass = (error: ApiError): boolean => error.status === null || error.status === 503

/** What has to go on while a role is away, and how long that may be, in seconds. */
const goesOn: Readonly<Record<string, ReadonlyArray<"capture" | "replay" | "api">>> = {
  ingestor: ["api"],
  worker: ["capture", "api"],
  replayer: ["capture", "api"],
  control: ["capture", "replay"]
}
const mayBeAway = 30

const ask = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url, applicationName: "test" })
      const [row] = yield* session.query(sql)
      return row?.["n"] ?? ""
    })
  )

/** Waits until each of them has moved on from where it is now. */
const movesWithout = Effect.fnUntraced(function* (platform: Platform, api: ApiClient, role: string) {
  const places = {
    capture: ask(platform.sourceUrl, "SELECT confirmed_flush_lsn::text AS n FROM pg_replication_slots"),
    replay: ask(platform.targetUrl, "SELECT count(*)::text AS n FROM public.pgbench_history"),
    api: Effect.map(api.source, ({ phase }) => phase)
  }
  for (const what of goesOn[role] ?? []) {
    const from = yield* places[what]
    if (what === "api") continue
    yield* until(
      `${what} goes on without ${role}`,
      Effect.map(places[what], (now) => now !== from)
    )
  }
})

/** Asks for a job ten times a second, until interrupted. Gives the requests that have failed for good, and all. */
const asking = (api: ApiClient, id: string) => {
  const failures: Array<string> = []
  let asked = 0
  const one = api.job(id).pipe(
    Effect.retry({ ...again, while: mayPass }),
    Effect.catch((error) => Effect.sync(() => failures.push(error.message))),
    Effect.andThen(Effect.sync(() => asked++))
  )
  return Effect.map(Effect.forkScoped(Effect.repeat(one, Schedule.spaced("100 millis"))), (fiber) => ({
    end: Fiber.interrupt(fiber),
    failures,
    asked: () => asked
  }))
}

describeWith("kafka", "a rolling restart", () => {
  describeWith("postgresql-15", "of all roles, during pgbench and three jobs", () => {
    it.live(
      "fails no request of a client that asks again, loses nothing, and applies nothing twice",
      () =>
        Effect.gen(function* () {
          const platform = yield* makePlatform({
            prepare,
            targets: ["second", "third"],
            env: { JOB_LEASE_DURATION_SECONDS: "9" }
          })
          const { processes } = platform
          for (const { start } of processes.values()) yield* start
          yield* Effect.onError(
            Effect.gen(function* () {
              yield* platform.ready
              const api = yield* platform.api
              yield* until(
                "capture has begun",
                Effect.map(api.source, ({ phase }) => phase === "capturing")
              )
              const load = yield* Effect.forkScoped(
                pgbench(platform.sourceUrl, ["--client=2", "--rate=60", "--time=86400", "--no-vacuum"])
              )
              const jobs = yield* Effect.forEach(
                [
                  { target: "default", speed_factor: "max" },
                  { target: "second", speed_factor: 100 },
                  { target: "third", speed_factor: 10 }
                ],
                (spec) => startJob(api, { start_time: null, follow: true, ...spec })
              )
              const movesOn = (id: string) =>
                Effect.gen(function* () {
                  const from = (yield* patiently(api.job(id))).checkpoint?.seq ?? 0
                  yield* untilJob(
                    api,
                    id,
                    "the job moves on",
                    (job) => (job.checkpoint?.seq ?? 0) > from + 20
                  )
                })
              for (const { id } of jobs) yield* movesOn(id)
              const requests = yield* asking(api, jobs[0]?.id ?? "")

              for (const [name, { stop, start }] of processes) {
                const begun = performance.now()
                assert.strictEqual(yield* stop, 0, name)
                const stopped = performance.now()
                yield* movesWithout(platform, api, name)
                const restarted = performance.now()
                yield* start
                yield* until(`${name} is ready again`, platform.isReady(name))
                const ready = performance.now()
                for (const { id } of jobs) yield* movesOn(id)
                const [down, up, back] = [stopped - begun, ready - restarted, performance.now() - ready]
                console.info(
                  `${name} stopped within ${Math.round(down)} ms, was ready ${Math.round(up)} ms after its start; the jobs moved on ${Math.round(back)} ms later`
                )
                assert.isBelow((down + up + back) / 1000, mayBeAway, name)
              }

              yield* Fiber.interrupt(load)
              yield* requests.end
              console.info(`${requests.asked()} requests, ${requests.failures.length} failed`)
              assert.deepStrictEqual(requests.failures, [])
              assert.isAbove(requests.asked(), 50)
              const last = yield* settled(platform, api, jobs[0]?.id ?? "")
              for (const { id, target } of jobs.map((job, i) => ({
                ...job,
                target: ["default", "second", "third"][i]
              }))) {
                yield* untilJob(
                  api,
                  id,
                  `the job reaches ${last}`,
                  (job) => (job.checkpoint?.seq ?? 0) >= last
                )
                const { error, events_converged, events_duplicate } = yield* api.job(id)
                assert.deepStrictEqual([error, events_converged, events_duplicate], [null, 0, 0], target)
                yield* assertSameDatabases(
                  platform.sourceUrl,
                  platform.targetUrls.get(target ?? "") ?? platform.targetUrl
                )
              }
              const audit = yield* platform.audit
              assert.deepStrictEqual([audit.faults, audit.transactions], [[], last])
              for (const [name, { ownEnds }] of processes) assert.deepStrictEqual(ownEnds(), [], name)
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 240_000, retry: 0 }
    )
  })
})
