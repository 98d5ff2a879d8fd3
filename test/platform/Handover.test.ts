import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ApiClient } from "../faults/ApiClient.ts"
import { follow, until } from "../faults/Scene.ts"
import { administer, edgesOf } from "../log/KafkaFixture.ts"
import { assertHolds, assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { emptyShop, makePlatform } from "./Platform.ts"
import {
  busyShop,
  closingIn,
  type Platform,
  patiently,
  settled,
  startJob,
  untilJob,
  workersOfJob
} from "./Scenario.ts"

const workersOf = Effect.fnUntraced(function* (platform: Platform, api: ApiClient, id: string) {
  yield* untilJob(api, id, "somebody runs the job", ({ worker_id }) => worker_id !== null)
  const job = yield* api.job(id)
  const workers = workersOfJob(platform, job)
  assert.isDefined(workers, `${job.worker_id} is none of ours`)
  return workers
})

const heldBy = (api: ApiClient, id: string, pid: number | undefined, seconds: number) =>
  untilJob(
    api,
    id,
    "the other one has the job",
    ({ worker_id }) => worker_id?.endsWith(`-${pid}`) === true,
    seconds
  )

describeWith("kafka", "two workers", () => {
  describeWith("redis-server", "on real servers", () => {
    it.live(
      "hand jobs over: one that is frozen past its lease, one that is told to stop, every role restarted in turn, the ingestor onto more partitions",
      () =>
        Effect.gen(function* () {
          const platform = yield* makePlatform({
            prepare: emptyShop,
            targets: ["paced"],
            workers: 2,
            env: { JOB_LEASE_DURATION_SECONDS: "5" }
          })
          const { processes } = platform
          for (const { start } of processes.values()) yield* start
          yield* Effect.onError(
            Effect.gen(function* () {
              yield* platform.ready
              const api = yield* platform.api
              const { id } = yield* follow(api)
              yield* platform.seed
              const { close } = yield* busyShop(platform)
              const moved = (by: number) =>
                Effect.gen(function* () {
                  const from = (yield* api.job(id)).checkpoint?.seq ?? 0
                  yield* untilJob(
                    api,
                    id,
                    "the job moves on",
                    (job) => (job.checkpoint?.seq ?? 0) > from + by
                  )
                })
              yield* moved(50)

              const frozen = yield* workersOf(platform, api, id)
              yield* frozen.holder.freeze
              yield* heldBy(api, id, frozen.other.pid(), 30)
              yield* moved(50)
              yield* frozen.holder.thaw
              yield* until("the one that slept answers", platform.isReady(frozen.name))
              yield* moved(20)
              const afterFreeze = yield* api.job(id)
              assert.strictEqual(afterFreeze.lease_epoch, 2)
              assert.isTrue(afterFreeze.worker_id?.endsWith(`-${frozen.other.pid()}`))

              const told = yield* workersOf(platform, api, id)
              const asked = performance.now()
              const [code] = yield* Effect.all([told.holder.stop, heldBy(api, id, told.other.pid(), 30)], {
                concurrency: 2
              })
              const taken = Math.round(performance.now() - asked)
              assert.strictEqual(code, 0)
              yield* told.holder.start
              yield* moved(20)

              const closing = yield* closingIn(platform, 15_000)
              const paced = yield* startJob(api, {
                start_time: null,
                end_time: closing.end_time,
                speed_factor: 10,
                target: "paced"
              })
              // The ingestor takes them at its next start, which comes below.
              const { ends } = yield* edgesOf(platform.kafka.broker, "walstream.archive")
              yield* administer(platform.kafka.broker, (admin) =>
                admin.createPartitions({
                  topics: [{ name: "walstream.archive", count: 12, assignments: null }]
                })
              )
              const restarts: Array<string> = []
              for (const [name, { stop, start }] of processes) {
                const begun = performance.now()
                assert.strictEqual(yield* stop, 0, name)
                const stopped = performance.now()
                yield* start
                yield* until(`${name} is ready again`, platform.isReady(name))
                restarts.push(
                  `${name} ${Math.round(stopped - begun)} + ${Math.round(performance.now() - stopped)} ms`
                )
              }
              console.info(`handed over within ${taken} ms; stopped and ready again: ${restarts.join(", ")}`)
              const kept = yield* closing.kept
              yield* close
              const last = yield* settled(platform, api, id)
              yield* untilJob(api, paced.id, "the job is completed", ({ status }) => status === "completed")
              yield* assertSameDatabases(platform.sourceUrl, platform.targetUrl)
              yield* assertHolds(kept, platform.targetUrls.get("paced") ?? platform.sourceUrl)
              for (const job of [id, paced.id]) {
                const { error, events_converged, events_duplicate } = yield* patiently(api.job(job))
                assert.deepStrictEqual([error, events_converged, events_duplicate], [null, 0, 0])
              }
              const grown = (yield* edgesOf(platform.kafka.broker, "walstream.archive")).ends
              assert.deepStrictEqual(
                [ends.length, grown.length, grown.slice(8).filter((end) => end === 0)],
                [8, 12, []]
              )
              const audit = yield* platform.audit
              assert.deepStrictEqual([audit.faults, audit.transactions], [[], last])
              for (const [name, { ownEnds }] of processes) assert.deepStrictEqual(ownEnds(), [], name)
              assert.isBelow(taken, 2000)
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 240_000, retry: 0 }
    )
  })
})
