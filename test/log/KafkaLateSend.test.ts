import { assert, it } from "@effect/vitest"
import { Producer } from "@platformatic/kafka"
import { Effect, type Scope } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaGauges } from "../../src/log/kafka/KafkaGauges.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import { type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { archiveIn, freshTopic } from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

/** All that a reader can ask of a log of so many transactions. */
const seenOf = Effect.fnUntraced(function* (
  archive: OpenArchive,
  next: number,
  times: ReadonlyArray<number>
) {
  return {
    log: (yield* readRange(archive, { seq: 1, ordinal: 0 }, next)).map(({ hints: _, ...chunk }) => chunk),
    coverage: yield* archive.coverage,
    volume: yield* archive.volume(1, next),
    windows: yield* Effect.forEach(times, (time) => archive.resolve({ _tag: "Time", time }))
  }
})

describeWith("kafka", "a send that was given up and lands late", () => {
  const broker = sharedKafka()

  it.live("behind a newer mark changes nothing that a reader sees, in this life or the next", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const opened = <A, E>(
        role: "writer" | "reader",
        use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
      ) =>
        Effect.scoped(Archive.use(use)).pipe(
          Effect.provide(archiveIn(broker(), { topic, role, indexChanges: 100 }), { local: true })
        )
      const log = new RandomLog({ seed: 95, largeOneIn: 0 })
      const [before, after] = [log.transactions(60), log.transactions(20)]
      const all = [...before, ...after].flat()
      const times = all.map(({ commit }) => commit.commitTime)
      const late = yield* opened("writer", (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          for (const transaction of before) yield* archive.append(transaction)
          const stored = yield* readWithKafkaJs(broker(), topic)
          // The mark's coverage time is beyond the log time of all that is stored; what comes now is later still.
          const coverageTime = Math.max(...times) + 60_000_000
          yield* archive.writeMark(markAfter(before.at(-1) ?? [], coverageTime))
          for (const transaction of after) yield* archive.append(transaction)
          return stored.filter(({ value }) => Number(value?.["seq"]) > 50)
        })
      )
      const asked = [...times, Math.max(...times) + 60_000_000]
      const expected = yield* opened("reader", (archive) => seenOf(archive, 81, asked))
      assertSameLog(expected.log, all)
      yield* Effect.promise(async () => {
        const producer = new Producer({ clientId: "late", bootstrapBrokers: [broker()], acks: -1 })
        await producer.send({
          messages: late.map(({ partition, key, value, timestamp }) => ({
            topic,
            partition,
            key: Buffer.from(key),
            value: Buffer.from(JSON.stringify(value)),
            timestamp: BigInt(timestamp)
          }))
        })
        await producer.close()
      })
      const next = log.transactions(10)
      yield* opened("reader", (archive) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* seenOf(archive, 81, asked), expected)
        })
      )
      yield* opened("writer", (archive) =>
        Effect.gen(function* () {
          const { last } = yield* archive.recover
          assert.strictEqual(last?.position.seq, 80)
          assert.deepStrictEqual(yield* seenOf(archive, 81, asked), expected)
          yield* archive.append(next.flat())
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 91), [...all, ...next.flat()])
          const gauges = yield* KafkaGauges
          const passed = () => gauges.read()?.passed ?? { repeats: 0, leftovers: 0, foreign: 0 }
          assert.isAtLeast(passed().repeats, 1, "the late records are there, and are passed over")
        })
      )
    })
  )
})
