import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, type Redacted } from "effect"
import { formatMicros } from "../../src/domain/Micros.ts"
import { Archive } from "../../src/log/Archive.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { Dice } from "../log/Dice.ts"
import { archiveIn, edgesOf } from "../log/KafkaFixture.ts"
import { markAfter, randomIncarnation } from "../log/RandomLog.ts"
import { at, transaction } from "../replay/History.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makePlatform } from "./Platform.ts"
import { startJob, untilJob } from "./Scenario.ts"

const topic = "walstream.archive"
const seed = 20_261_122
const dice = new Dice(seed)

/** A hundred transactions a second, whose commit times go back by up to 0.8 s: more would be a clock that was set. */
const transactions = Array.from({ length: 6000 }, (_, i) =>
  transaction(
    i + 1,
    at(1_700_000_000 + i / 100 + 0.8 * dice.roll()),
    Array.from({ length: 1 + dice.below(4) }, () => dice.pick(["orders", "stock"] as const))
  )
)

/** What lies between two log times: from the first transaction that reaches one up to the first that reaches the other. */
const between = (from: number, to: number): Array<string> => {
  let logTime = 0
  return transactions.flatMap((chunks) => {
    logTime = Math.max(logTime, chunks[0]?.commit.commitTime ?? 0)
    if (logTime < from || logTime >= to) return []
    return chunks.flatMap(({ changes }) =>
      changes.map((change) => (change.op === "insert" ? String(change.after[0]) : change.op))
    )
  })
}

/** Each table's trigger notes what was applied, in which order. */
const tables = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.orders (id text PRIMARY KEY);
  CREATE TABLE shop.stock (id text PRIMARY KEY);
  CREATE TABLE shop.applied (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text);
  CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO shop.applied (id) VALUES (NEW.id); RETURN NEW; END';
  CREATE TRIGGER noted AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.note();
  CREATE TRIGGER noted AFTER INSERT ON shop.stock FOR EACH ROW EXECUTE FUNCTION shop.note();
  ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER noted;
  ALTER TABLE shop.stock ENABLE ALWAYS TRIGGER noted`

const prepare = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(tables))
  )

describeWith("kafka", "a window in 8 partitions", () => {
  describeWith("redis-server", "whose commit times go back and forth", () => {
    it.live(
      "is replayed in exact commit order, and is exactly the pinned interval",
      () =>
        Effect.gen(function* () {
          const platform = yield* makePlatform({ prepare, targets: ["paced"] })
          const { kafka, processOf } = platform
          const archive = Context.get(
            yield* Layer.build(
              archiveIn(kafka.broker, { topic, source: "source", create: { partitions: 8 } })
            ),
            Archive
          )
          yield* archive.recover
          yield* archive.beginIncarnation(randomIncarnation())
          for (let from = 0; from < transactions.length; from += 500) {
            yield* archive.append(transactions.slice(from, from + 500).flat())
          }
          yield* archive.writeMark({ ...markAfter(transactions.at(-1) ?? []), partitions: 8 })
          const { ends } = yield* edgesOf(kafka.broker, topic)
          assert.strictEqual(ends.filter((end) => end > 100).length, 8)

          const roles = ["control", "worker", "replayer"]
          for (const role of roles) yield* processOf(role).start
          yield* Effect.onError(
            Effect.gen(function* () {
              const api = yield* platform.api
              const [from, to] = [at(1_700_000_010), at(1_700_000_050)]
              const window = { start_time: formatMicros(from), end_time: formatMicros(to) }
              const expected = between(from, to)
              assert.isAbove(expected.length, 5000)
              for (const [target, speed_factor] of [
                ["default", "max"],
                ["paced", 20]
              ] as const) {
                const { id } = yield* startJob(api, { ...window, target, speed_factor })
                yield* untilJob(api, id, "the job is completed", ({ status }) => status === "completed")
                const session = yield* connectPg({
                  url: platform.targetUrls.get(target) ?? platform.sourceUrl,
                  applicationName: "test"
                })
                const rows = yield* session.query("SELECT id FROM shop.applied ORDER BY n")
                assert.deepStrictEqual(
                  rows.map((row) => row["id"] ?? ""),
                  expected
                )
                const job = yield* api.job(id)
                assert.deepStrictEqual(
                  [job.replay_source, job.events_processed, job.events_converged],
                  ["kafka", expected.length, 0]
                )
              }
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 240_000, retry: 0 }
    )
  })
})
