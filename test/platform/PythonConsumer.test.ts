import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { until } from "../faults/Scene.ts"
import { edgesOf, removeBefore } from "../log/KafkaFixture.ts"
import { pythonWithKafka } from "../servers/Capability.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { makeRoleProcess } from "./RoleProcess.ts"

const topic = "walstream.archive"
const example = resolve(import.meta.dirname, "../../examples/consumer.py")

/** The rows of a table as the example finds them, each as JSON with sorted names, sorted. */
const rebuilt = (broker: string, table: string) =>
  Effect.promise(async () => {
    const { stdout } = await promisify(execFile)(
      pythonWithKafka,
      [example, "--broker", broker, "--table", table],
      { maxBuffer: 1 << 26 }
    )
    const rows: ReadonlyArray<Record<string, string | null>> = stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line))
    return textOf(rows)
  })

const textOf = (rows: ReadonlyArray<Readonly<Record<string, string | null>>>): string =>
  rows
    .map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .toSorted()
    .join("\n")

const tables = [
  "CREATE TABLE public.orders (id int, region text, amount numeric, note text, PRIMARY KEY (id, region))",
  "CREATE TABLE public.log (line text, at timestamptz)",
  "ALTER TABLE public.log REPLICA IDENTITY FULL",
  "CREATE TABLE public.other (id int PRIMARY KEY)"
]
const large = "(SELECT string_agg(md5(i::text || random()), '') FROM generate_series(1, 60000) AS i)"
const story = [
  "INSERT INTO public.orders SELECT i, 'north', i, 'gone' FROM generate_series(1, 50) AS i",
  "TRUNCATE public.orders, public.other",
  "INSERT INTO public.orders SELECT i, 'north', i / 7.0, CASE WHEN i % 3 = 0 THEN NULL ELSE 'nöte \"' || i END FROM generate_series(1, 300) AS i",
  "BEGIN; DELETE FROM public.orders; ROLLBACK",
  // Larger than a record may be: it goes in parts. Then an update that does not touch it.
  `INSERT INTO public.orders VALUES (900, 'east', 1, ${large})`,
  "UPDATE public.orders SET amount = 'NaN' WHERE id = 900",
  "UPDATE public.orders SET region = 'south', id = id + 1000 WHERE id BETWEEN 100 AND 120",
  "BEGIN; UPDATE public.orders SET id = 5000 WHERE id = 1; INSERT INTO public.orders VALUES (1, 'north', 0, 'new'); UPDATE public.orders SET id = 5001 WHERE id = 5000; COMMIT",
  "DELETE FROM public.orders WHERE id % 10 = 5",
  "INSERT INTO public.log VALUES ('a', '2026-01-01'), ('b', NULL), ('c', 'infinity')",
  "UPDATE public.log SET line = 'd' WHERE line = 'b'",
  "INSERT INTO public.other VALUES (1)"
]

describeWith("kafka", "the example consumer in Python", () => {
  describeWith("python kafka client", "on a real broker", () => {
    it.live(
      "rebuilds tables from the archive: truncates, changed keys, large and untouched values",
      () =>
        Effect.gen(function* () {
          const [postgres, kafka] = yield* Effect.all([makeTestPostgres(), makeTestKafka()], {
            concurrency: 2
          })
          const dataDir = yield* Effect.acquireRelease(
            Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-python-"))),
            (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
          )
          const url = yield* postgres.createDatabase("shop")
          const session = yield* connectPg({ url, applicationName: "test" })
          for (const sql of tables) yield* session.script(sql)
          const ingestor = yield* makeRoleProcess("ingestor", {
            SOURCE_URL: Redacted.value(url),
            KAFKA_BROKER: kafka.broker,
            // Nobody is there: capture does without.
            REDIS_URL: "redis://127.0.0.1:9",
            METRICS_PORT: "0",
            DATA_DIR: dataDir
          })
          yield* ingestor.start
          yield* Effect.onError(
            Effect.gen(function* () {
              yield* until(
                "there is a slot",
                Effect.map(
                  session.query("SELECT count(*) AS slots FROM pg_replication_slots WHERE active"),
                  ([row]) => row?.["slots"] === "1"
                ),
                60
              )
              for (const sql of story) yield* session.script(sql)
              for (const table of ["public.orders", "public.log"]) {
                const wanted = textOf(yield* session.query(`SELECT * FROM ${table}`))
                yield* until(
                  `${table} is the source's`,
                  Effect.map(rebuilt(kafka.broker, table), (found) => found === wanted),
                  40
                )
              }
              // Retention leaves a record of each partition: most of their transactions have lost a part.
              const { ends } = yield* edgesOf(kafka.broker, topic)
              yield* removeBefore(
                kafka.broker,
                topic,
                ends.map((end) => Math.max(end - 1, 0))
              )
              yield* session.script("INSERT INTO public.orders VALUES (7001, 'west', 1, 'since')")
              const since = textOf(yield* session.query("SELECT * FROM public.orders WHERE id = 7001"))
              yield* until(
                "a shortened topic gives what came since",
                Effect.map(rebuilt(kafka.broker, "public.orders"), (found) => found === since),
                40
              )
            }),
            () => Effect.sync(() => console.error(ingestor.log().slice(-3000)))
          )
        }).pipe(Effect.scoped),
      { timeout: 120_000, retry: 0 }
    )
  })
})
