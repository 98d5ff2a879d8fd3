import { assert, it } from "@effect/vitest"
import { Effect, type Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { follow, until } from "../faults/Scene.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { pgbench, pgbenchInit } from "../servers/Pgbench.ts"
import { makePlatform } from "./Platform.ts"
import { endOfPgbench, patiently, startJob, untilJob } from "./Scenario.ts"

const seconds = (name: string, usual: number) => Number(process.env[name] ?? usual)
/** How long each is away; 600 on demand. */
const redisAway = seconds("WALSTREAM_REDIS_OUTAGE_SECONDS", 20)
const kafkaAway = seconds("WALSTREAM_KAFKA_OUTAGE_SECONDS", 30)
const controlAway = seconds("WALSTREAM_CONTROL_OUTAGE_SECONDS", 20)

const prepare = (url: Redacted.Redacted) => pgbenchInit(url, 1)
/** Transactions a second, of four changes each. */
const rate = 150

describeWith("kafka", "outages", () => {
  describeWith("redis-server", "of one store after the other", () => {
    describeWith("postgresql-15", "while pgbench runs", () => {
      it.live(
        `Redis away for ${redisAway} s, Kafka for ${kafkaAway} s, the control database for ${controlAway} s: nothing is lost`,
        () =>
          Effect.gen(function* () {
            const platform = yield* makePlatform({ prepare, env: { JOB_LEASE_DURATION_SECONDS: "9" } })
            const { redis, kafka, control, processes } = platform
            for (const { start } of processes.values()) yield* start
            const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
            const target = yield* connectPg({ url: platform.targetUrl, applicationName: "test" })
            const numberAt = (session: typeof source, sql: string) =>
              Effect.map(session.query(`SELECT (${sql})::text AS n`), ([row]) => Number(row?.["n"]))
            /** What the source itself knows: bytes of WAL written, bytes confirmed by capture, transactions. */
            const standing = Effect.gen(function* () {
              const written = yield* numberAt(source, "pg_current_wal_insert_lsn() - '0/0'")
              const confirmed = yield* numberAt(
                source,
                "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots WHERE slot_name = 'walstream_slot'"
              )
              return { written, confirmed, at: performance.now() }
            })
            const applied = numberAt(target, "SELECT count(*) FROM public.pgbench_history")
            /** How much of what was written in a stretch of time was captured in it. */
            const during = Effect.fnUntraced(function* (length: number) {
              const before = yield* standing
              yield* Effect.sleep(length * 1000)
              const after = yield* standing
              const took = (after.at - before.at) / 1000
              const confirmed = after.confirmed - before.confirmed
              return {
                share: confirmed / (after.written - before.written),
                kilobytesPerSecond: Math.round(confirmed / took / 1024)
              }
            })
            const now = Effect.sync(() => new Date().toISOString())

            yield* Effect.onError(
              Effect.gen(function* () {
                yield* platform.ready
                const api = yield* platform.api
                const { id } = yield* follow(api)
                const load = yield* Effect.forkScoped(
                  pgbench(platform.sourceUrl, ["--client=4", `--rate=${rate}`, "--time=86400", "--no-vacuum"])
                )
                const isApplying = Effect.gen(function* () {
                  const from = yield* applied
                  yield* until(
                    "the target moves on",
                    Effect.map(applied, (n) => n > from + rate)
                  )
                })
                yield* isApplying

                // What Redis held is gone with it; what comes while it is away waits for it, up to 32 MB.
                const holeFrom = yield* now
                const usual = yield* during(8)
                yield* redis.kill
                const withoutRedis = yield* during(redisAway)
                const holeTo = yield* now
                yield* redis.start
                yield* until(
                  "the live buffer begins anew, and keeps up",
                  Effect.map(
                    api.coverage,
                    ({ archive, live_buffer }) =>
                      live_buffer.coverage.first_seq > 1 &&
                      live_buffer.coverage.next_seq > archive.coverage.next_seq - rate
                  )
                )
                const newFrom = yield* now
                yield* isApplying
                const newTo = yield* now
                const read = Effect.fnUntraced(function* (start_time: string, end_time: string) {
                  const job = yield* startJob(api, {
                    start_time,
                    end_time,
                    speed_factor: "max",
                    dry_run: true
                  })
                  yield* untilJob(api, job.id, "it is read", ({ status }) => status === "completed")
                  const { replay_source, replay_source_reason, events_processed } = yield* api.job(job.id)
                  assert.isAbove(events_processed, rate)
                  return { replay_source, replay_source_reason }
                })
                const inHole = yield* read(holeFrom, holeTo)
                const newest = yield* read(newFrom, newTo)
                console.info("redis away", { usual, withoutRedis, inHole, newest })
                assert.deepStrictEqual(inHole, {
                  replay_source: "kafka",
                  replay_source_reason: "archive: the live buffer does not hold the whole window"
                })
                assert.strictEqual(newest.replay_source, "redis")
                assert.isAbove(withoutRedis.share, 0.85)
                assert.isAbove(withoutRedis.kilobytesPerSecond, usual.kilobytesPerSecond * 0.75)

                yield* kafka.kill
                yield* until(
                  "capture says that it waits, and for whom",
                  Effect.map(
                    api.source,
                    ({ phase, message }) => phase === "blocked" && message?.includes("kafka") === true
                  )
                )
                const blocked = yield* api.source
                const withoutKafka = yield* during(kafkaAway)
                const still = yield* api.source
                console.info("kafka away", { message: blocked.message, withoutKafka })
                assert.strictEqual(still.phase, "blocked")
                assert.strictEqual(withoutKafka.share, 0)
                assert.isAbove(still.retained_bytes ?? 0, blocked.retained_bytes ?? 0)
                const back = performance.now()
                yield* kafka.start
                yield* until(
                  "capture goes on",
                  Effect.map(api.source, ({ phase }) => phase === "capturing")
                )
                const resumed = performance.now()
                yield* isApplying
                console.info(
                  `Kafka is back: capture goes on after ${Math.round(resumed - back)} ms, the job after ${Math.round(performance.now() - back)} ms`
                )
                yield* platform.archived(api)

                yield* control.kill
                yield* isApplying
                const withoutControl = yield* during(controlAway)
                const standsAt = yield* applied
                yield* isApplying.pipe(Effect.timeoutOption("3 seconds"))
                const stoodStill = (yield* applied) === standsAt
                yield* control.start
                yield* patiently(api.source)
                yield* isApplying
                const job = yield* patiently(api.job(id))
                console.info("control database away", { withoutControl, stoodStill, leases: job.lease_epoch })
                assert.isAbove(withoutControl.share, 0.85)
                assert.isTrue(stoodStill, "nobody applies when no lease can be renewed")
                assert.strictEqual(job.status, "running")

                yield* endOfPgbench(platform, api, id, load)
              }),
              () => platform.tellLogs
            )
          }).pipe(Effect.scoped),
        { timeout: (240 + redisAway + kafkaAway + controlAway) * 1000, retry: 0 }
      )
    })
  })
})
