import { rename } from "node:fs/promises"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, type Redacted, Schedule } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { follow, until } from "../faults/Scene.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { pgbench, pgbenchInit } from "../servers/Pgbench.ts"
import { makePlatform } from "./Platform.ts"
import { endOfPgbench, patiently } from "./Scenario.ts"

/** How long Kafka is away at the least; 600 on demand. */
const away = Number(process.env["WALSTREAM_SPILL_SECONDS"] ?? 20)
/** Transactions a second, of four changes each. */
const rate = 150
const megabyte = 1_000_000

const prepare = (url: Redacted.Redacted) => pgbenchInit(url, 1)

describeWith("kafka", "a spill", () => {
  describeWith("redis-server", "beside Kafka", () => {
    describeWith("postgresql-15", "while pgbench runs", () => {
      it.live(
        `Kafka away for ${away} s: the source goes on, and so does the history, whoever dies meanwhile`,
        () =>
          Effect.gen(function* () {
            const platform = yield* makePlatform({
              prepare,
              env: { JOB_LEASE_DURATION_SECONDS: "9", SPILL_MAX_BYTES: String(512 * megabyte) }
            })
            const { kafka, processes } = platform
            const ingestor = platform.processOf("ingestor")
            for (const { start } of processes.values()) yield* start
            const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
            const target = yield* connectPg({ url: platform.targetUrl, applicationName: "test" })
            const numberAt = (session: typeof source, sql: string) =>
              Effect.map(session.query(`SELECT (${sql})::text AS n`), ([row]) => Number(row?.["n"]))
            const slot = (value: string) =>
              numberAt(source, `SELECT ${value} FROM pg_replication_slots WHERE slot_name = 'walstream_slot'`)
            const standing = Effect.gen(function* () {
              return {
                written: yield* numberAt(source, "pg_current_wal_insert_lsn() - '0/0'"),
                confirmed: yield* slot("confirmed_flush_lsn - '0/0'"),
                retained: yield* slot("pg_current_wal_lsn() - restart_lsn")
              }
            })
            const applied = numberAt(target, "SELECT count(*) FROM public.pgbench_history")

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
                const spilled = Effect.map(patiently(api.source), ({ phase, spill }) =>
                  phase === "capturing" && spill !== null && spill.since !== null ? spill.transactions : 0
                )
                const spills = Effect.gen(function* () {
                  const from = yield* spilled
                  yield* until(
                    "capture goes on into the spill",
                    Effect.map(spilled, (n) => n > from + rate)
                  )
                })
                yield* isApplying

                yield* kafka.kill
                yield* spills
                const before = yield* standing
                yield* Effect.sleep(away * 1000)
                // The slot moves on from one record of what runs to the next, which come every 15 s, and with this.
                yield* source.script("CHECKPOINT")
                yield* until(
                  "the source keeps little of what was written meanwhile",
                  Effect.map(
                    standing,
                    ({ written, retained }) => retained - before.retained < (written - before.written) / 2
                  )
                )
                const after = yield* standing
                const told = yield* api.source
                console.info("kafka away", { before, after, spill: told.spill, phase: told.phase })
                const written = after.written - before.written
                assert.isAbove((after.confirmed - before.confirmed) / written, 0.8)
                assert.strictEqual(told.phase, "capturing")

                yield* ingestor.kill
                yield* ingestor.start
                yield* spills

                // Without the file nothing goes on, whoever starts: what was confirmed from it is nowhere else.
                yield* ingestor.stop
                const file = join(platform.dataDirOf("ingestor"), "spill.sqlite")
                const elsewhere = join(platform.dataDirOf("worker"), "spill.sqlite")
                yield* Effect.promise(() => rename(file, elsewhere))
                yield* kafka.start
                yield* ingestor.start
                yield* until(
                  "a start without the file stops",
                  Effect.map(api.source, ({ code, phase }) => phase === "stopped" && code === "spill_missing")
                )
                const stopped = yield* api.source
                console.info("without the file", stopped.message, stopped.fix)
                assert.include(stopped.message ?? "", file)
                assert.isNotNull(stopped.gap)
                yield* ingestor.stop
                yield* Effect.promise(() => rename(elsewhere, file))

                const lines = ingestor.log().length
                const says = (text: string) => Effect.sync(() => ingestor.log().slice(lines).includes(text))
                yield* ingestor.start
                const back = performance.now()
                yield* says("the archive is back").pipe(
                  Effect.repeat({ until: (said) => said, schedule: Schedule.spaced("5 millis") }),
                  Effect.timeout("60 seconds")
                )
                yield* ingestor.kill
                assert.isFalse(yield* says("the archive leads again"))
                yield* ingestor.start
                yield* until(
                  "it is drained",
                  Effect.map(api.source, ({ phase, spill }) => phase === "capturing" && spill?.since === null)
                )
                console.info(
                  `drained ${Math.round(performance.now() - back)} ms after the start that was killed`
                )
                yield* isApplying

                yield* endOfPgbench(platform, api, id, load)
              }),
              () => platform.tellLogs
            )
          }).pipe(Effect.scoped),
        { timeout: (240 + away) * 1000, retry: 0 }
      )
    })
  })
})
