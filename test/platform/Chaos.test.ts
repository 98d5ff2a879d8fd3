import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import type { ApiClient } from "../faults/ApiClient.ts"
import { follow, until } from "../faults/Scene.ts"
import { assertHolds, assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { planHavoc, type Victim, wreak } from "./Havoc.ts"
import { makePlatform } from "./Platform.ts"
import { roles } from "./RoleProcess.ts"
import {
  busyShopAndBench,
  closingIn,
  type Platform,
  patiently,
  settled,
  shopAndBench,
  startJob,
  untilJob,
  workersOfJob
} from "./Scenario.ts"

/** `WALSTREAM_KILLS=100` on demand; the seed that a run names repeats its plan. */
const kills = Number(process.env["WALSTREAM_KILLS"] ?? "7")
/** Shorter than a sleep, so that a worker that sleeps has lost its jobs when it wakes. */
const leaseSeconds = 5
const seed = Number(process.env["WALSTREAM_SEED"] ?? Math.floor(Math.random() * 1e9))

/** Freezes the worker that holds a job until another has it, and wakes it; anew if it was killed in its sleep. Gives the lease. */
const freezeHolder = Effect.fnUntraced(function* (platform: Platform, api: ApiClient, id: string) {
  for (;;) {
    const running = yield* Effect.map(patiently(api.job(id)), (job) => ({
      epoch: job.lease_epoch,
      holder: workersOfJob(platform, job)?.holder
    })).pipe(
      Effect.repeat({ until: ({ holder }) => holder !== undefined, schedule: Schedule.spaced("100 millis") }),
      Effect.timeout("120 seconds")
    )
    const { holder, epoch } = running
    if (holder === undefined) continue
    const asleep = holder.pid()
    yield* holder.freeze
    yield* until(
      "the job of the frozen worker is taken over",
      Effect.map(api.job(id), ({ lease_epoch: lease }) => lease > epoch),
      120
    )
    const slept = holder.pid() === asleep
    yield* holder.thaw
    if (slept) return epoch
  }
})

describeWith("kafka", "chaos", () => {
  describeWith("redis-server", "on real servers", () => {
    describeWith("postgresql-15", "and pgbench beside the shop", () => {
      it.live(
        `${kills} times kill -9 of a process, of Kafka, of Redis, at random (seed ${seed}), and a worker frozen past its lease: three jobs end as if nothing had been`,
        () =>
          Effect.gen(function* () {
            const platform = yield* makePlatform({
              prepare: shopAndBench,
              targets: ["paced", "flat"],
              workers: 2,
              env: { JOB_LEASE_DURATION_SECONDS: String(leaseSeconds) }
            })
            const { kafka, redis, processes } = platform
            for (const { start } of processes.values()) yield* start
            const killed: Array<string> = []
            yield* Effect.onError(
              Effect.gen(function* () {
                yield* platform.ready
                const api = yield* platform.api
                const following = yield* follow(api)
                yield* platform.seed
                const { close } = yield* busyShopAndBench(platform)
                yield* until(
                  "some work was done",
                  Effect.map(api.source, ({ seq }) => seq > 250)
                )

                const victims = new Map<string, Victim>([...processes, ["kafka", kafka], ["redis", redis]])
                const plan = planHavoc(seed, kills, [...roles, "kafka", "redis"])
                const lead = plan
                  .slice(0, Math.ceil(kills * 0.6))
                  .reduce((sum, { after }) => sum + after, 3000)
                const closing = yield* closingIn(platform, lead)
                const window = { start_time: null, end_time: closing.end_time }
                const paced = yield* startJob(api, { ...window, speed_factor: 10, target: "paced" })
                const begun = Date.now()
                const havoc = yield* Effect.forkScoped(wreak(plan, victims, (line) => killed.push(line)))
                const frozen = yield* Effect.forkScoped(freezeHolder(platform, api, following.id))
                const kept = yield* closing.kept
                const flat = yield* startJob(api, { ...window, speed_factor: "max", target: "flat" })
                yield* Fiber.join(havoc)
                const slept = yield* Fiber.join(frozen)
                const seconds = (Date.now() - begun) / 1000
                yield* close

                const last = yield* settled(platform, api, following.id)
                for (const { id } of [paced, flat]) {
                  yield* untilJob(api, id, "the job is completed", ({ status }) => status === "completed")
                }
                const healed = (Date.now() - begun) / 1000
                yield* assertSameDatabases(platform.sourceUrl, platform.targetUrl)
                for (const name of ["paced", "flat"]) {
                  yield* assertHolds(kept, platform.targetUrls.get(name) ?? platform.sourceUrl)
                }
                const audit = yield* platform.audit
                assert.deepStrictEqual(audit.faults, [])
                assert.strictEqual(audit.transactions, last)
                const told: Array<string> = []
                for (const [name, { id }] of Object.entries({ following, paced, flat })) {
                  const job = yield* api.job(id)
                  assert.deepStrictEqual(
                    [job.error, job.events_converged, job.events_duplicate],
                    [null, 0, 0],
                    name
                  )
                  told.push(`${name}: ${job.events_processed} changes in ${job.lease_epoch} leases`)
                }
                const ends = [...processes].flatMap(([name, process]) =>
                  process.ownEnds().map((code) => `${name} (${code})`)
                )
                console.info(
                  [
                    `killed: ${killed.join(", ")}`,
                    `${kills} kills in ${seconds.toFixed(1)} s, all well ${(healed - seconds).toFixed(1)} s later`,
                    `the worker that held lease ${slept} of the following job was frozen until another had it`,
                    `${last} transactions, ${audit.changes} changes; ${told.join("; ")}`,
                    `ended by themselves: ${ends.join(", ") || "none"}`
                  ].join("\n")
                )
                assert.deepStrictEqual(ends, [])
              }),
              () =>
                Effect.andThen(
                  Effect.sync(() => console.error(`killed: ${killed.join(", ")}`)),
                  platform.tellLogs
                )
            )
          }).pipe(Effect.scoped),
        { timeout: 240_000 + kills * 12_000, retry: 0 }
      )
    })
  })
})
