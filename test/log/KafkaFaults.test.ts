import { assert, it } from "@effect/vitest"
import { Producer } from "@platformatic/kafka"
import { Effect, Fiber, type Scope } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaGauges } from "../../src/log/kafka/KafkaGauges.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import { failure, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import {
  type ArchiveOptions,
  administer,
  archiveIn,
  edgesOf,
  freshTopic,
  removeBefore
} from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

const start = { seq: 1, ordinal: 0 }

/** Kafka's number for the settings of a topic, and for setting one. */
const [topicResource, setOperation] = [2, 0] as const

describeWith("kafka", "the Kafka archive, mistreated", () => {
  const broker = sharedKafka()

  const opened = <A, E>(
    options: ArchiveOptions,
    use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
  ) => Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveIn(broker(), options), { local: true }))

  const refused = (options: ArchiveOptions) => Effect.flip(opened(options, () => Effect.void))

  /** A topic with some transactions, marked but for the last few, closed. */
  const filled = Effect.fnUntraced(function* (options: ArchiveOptions, count = 40, seed = 31) {
    const transactions = new RandomLog({ seed, largeOneIn: 0 }).transactions(count)
    yield* opened(options, (archive) =>
      Effect.gen(function* () {
        yield* archive.beginIncarnation(randomIncarnation())
        for (let i = 0; i < count; i += 8) yield* archive.append(transactions.slice(i, i + 8).flat())
        yield* archive.writeMark(markAfter(transactions[count - 3] ?? []))
      })
    )
    return transactions
  })

  const set = (topic: string, name: string, value: string) =>
    administer(broker(), (admin) =>
      admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: topicResource,
            resourceName: topic,
            configs: [{ name, configOperation: setOperation, value }]
          }
        ]
      })
    )

  const remove = (...topics: Array<string>) => administer(broker(), (admin) => admin.deleteTopics({ topics }))

  /** Somebody else's record. */
  const produce = (topic: string, partition: number, values: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const producer = new Producer({ clientId: "stranger", bootstrapBrokers: [broker()], acks: -1 })
      const messages = values.map((value) => ({ topic, partition, value: Buffer.from(value) }))
      await producer.send({ messages })
      await producer.close()
    })

  it.live("settings that lose or wedge are refused, with the command that mends them", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      yield* filled({ topic })
      for (const [setting, bad, good] of [
        ["cleanup.policy", "compact", "delete"],
        ["cleanup.policy", "compact,delete", "delete"],
        ["message.timestamp.type", "LogAppendTime", "CreateTime"],
        ["message.timestamp.after.max.ms", "3600000", "9223372036854775807"],
        ["unclean.leader.election.enable", "true", "false"]
      ] as const) {
        yield* set(topic, setting, bad)
        const { reason, message, fix } = yield* refused({ topic })
        assert.strictEqual(reason._tag, "Unsuited")
        assert.include(message, `topic ${topic} has ${setting}=${bad}`)
        assert.include(fix ?? "", `--topic ${topic} --add-config ${setting}=${good}`)
        yield* set(topic, setting, good)
      }
      yield* set(`${topic}.meta`, "cleanup.policy", "delete")
      assert.include((yield* refused({ topic })).message, `topic ${topic}.meta has cleanup.policy=delete`)
      yield* set(`${topic}.meta`, "cleanup.policy", "compact")
      yield* opened({ topic }, (archive) => archive.recover)
    })
  )

  it.live("the topic of another source is refused", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      yield* filled({ topic })
      const { reason, message } = yield* refused({ topic, source: "other" })
      assert.strictEqual(reason._tag, "Conflict")
      assert.include(message, `topic ${topic} is the log of source "shop", not of "other"`)
    })
  )

  it.live("a topic that others have used is refused; an empty one of any shape is taken", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const configs = [
        { name: "message.timestamp.after.max.ms", value: "9223372036854775807" },
        { name: "retention.ms", value: "-1" }
      ]
      yield* administer(broker(), (admin) =>
        admin.createTopics({ topics: [topic], partitions: 3, replicas: 1, configs })
      )
      const transactions = yield* filled({ topic })
      assert.strictEqual((yield* edgesOf(broker(), topic)).ends.length, 3)
      yield* opened({ topic }, (archive) =>
        Effect.map(readRange(archive, start, 41), (read) => assertSameLog(read, transactions.flat()))
      )
      yield* remove(`${topic}.meta`)
      const { reason, message } = yield* refused({ topic })
      assert.strictEqual(reason._tag, "Corrupt")
      assert.include(message, `${topic}.meta was deleted`)
      const foreign = freshTopic()
      for (const name of [foreign, `${foreign}.meta`]) {
        const policy = { name: "cleanup.policy", value: name === foreign ? "delete" : "compact" }
        yield* administer(broker(), (admin) =>
          admin.createTopics({
            topics: [name],
            partitions: 1,
            replicas: 1,
            configs: [...configs.slice(0, 1), policy]
          })
        )
      }
      yield* produce(foreign, 0, ["a", "b"])
      assert.strictEqual((yield* refused({ topic: foreign })).reason._tag, "Conflict")
    })
  )

  it.live("a reader that comes while the topics are being made takes neither for deleted", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const make = (name: string, cleanup: string) =>
        administer(broker(), (admin) =>
          admin.createTopics({
            topics: [name],
            partitions: 1,
            replicas: 1,
            configs: [
              { name: "message.timestamp.after.max.ms", value: "9223372036854775807" },
              { name: "cleanup.policy", value: cleanup },
              { name: "retention.ms", value: "-1" }
            ]
          })
        )
      yield* make(`${topic}.meta`, "compact")
      const reader = yield* Effect.forkScoped(refused({ topic, role: "reader" }))
      yield* Effect.delay(make(topic, "delete"), "400 millis") // as long as a broker takes to tell the others
      assert.strictEqual((yield* Fiber.join(reader)).reason._tag, "Unavailable")
    }).pipe(Effect.scoped)
  )

  it.live("a foreign record is passed over and counted; nothing is lost", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const transactions = yield* filled({ topic })
      yield* produce(topic, 0, ["no json", '{"source":"shop","seq":"x"}', '{"source":"other","seq":1}'])
      const next = new RandomLog({ seed: 32, firstSeq: 41 })
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          const log = next
            .transactions(3)
            .flat()
            .map((chunk) => later(chunk))
          yield* archive.append(log)
          assertSameLog(yield* readRange(archive, start, 44), [...transactions.flat(), ...log])
          const gauges = yield* KafkaGauges
          const passed = () => gauges.read()?.passed ?? { repeats: 0, leftovers: 0, foreign: 0 }
          assert.isAtLeast(passed().foreign, 3)
        })
      )
    })
  )

  it.live("a topic that was deleted, or is shorter than its mark, is not gone on with", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const transactions = yield* filled({ topic })
      yield* remove(topic)
      assert.include((yield* refused({ topic })).message, `${topic} was deleted`)
      // Made anew, with the beginning of what it had.
      yield* administer(broker(), (admin) =>
        admin.createTopics({
          topics: [topic],
          partitions: 4,
          replicas: 1,
          configs: [{ name: "message.timestamp.after.max.ms", value: "9223372036854775807" }]
        })
      )
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          const reason = yield* failure("BelowMark", archive.recover)
          assert.deepStrictEqual(reason, { _tag: "BelowMark", mark: 38, end: 0 })
          yield* failure("BelowMark", archive.append(transactions[0] ?? []))
          yield* failure("BelowMark", archive.writeMark(markAfter(transactions[38] ?? [])))
        })
      )
    })
  )

  it.live("emptied by retention it is no new start: seq goes on", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const transactions = yield* filled({ topic })
      yield* removeBefore(broker(), topic, (yield* edgesOf(broker(), topic)).ends)
      const next = new RandomLog({ seed: 33, firstSeq: 39 }).transactions(5).flat().map(later)
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          const { mark, last } = yield* archive.recover
          assert.strictEqual(mark?.seq, 38)
          assert.isAtLeast(last?.position.seq ?? 0, 38)
          const { firstSeq, nextSeq } = yield* archive.coverage
          assert.strictEqual(firstSeq, nextSeq)
          yield* failure("Missing", readRange(archive, start, nextSeq))
          const log = next.filter(({ seq }) => seq >= nextSeq)
          yield* archive.append(log)
          assertSameLog(yield* readRange(archive, { seq: nextSeq, ordinal: 0 }, 44), log)
        })
      )
      assert.lengthOf(transactions, 40)
    })
  )

  it.live("more partitions are taken at the boundary of a transaction; nothing is lost", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const log = new RandomLog({ seed: 34, largeOneIn: 8 })
      const before = log.transactions(30)
      const after = log.transactions(30)
      yield* opened({ topic, create: { partitions: 2 } }, (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          yield* archive.append(before.slice(0, 29).flat())
          yield* archive.append((before[29] ?? []).slice(0, -1))
        })
      )
      yield* administer(broker(), (admin) =>
        admin.createPartitions({ topics: [{ name: topic, count: 6, assignments: null }] })
      )
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          yield* archive.append(before[29] ?? [])
          yield* archive.append(after.flat())
          assertSameLog(yield* readRange(archive, start, 61), [...before, ...after].flat())
        })
      )
      yield* opened({ topic }, (archive) =>
        Effect.map(readRange(archive, start, 61), (read) => assertSameLog(read, [...before, ...after].flat()))
      )
      assert.isTrue((yield* edgesOf(broker(), topic)).ends.slice(2).some((end) => end > 0))
    })
  )

  it.live("records above the broker's limit are split and put together again", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      yield* filled({ topic }, 3)
      yield* set(topic, "max.message.bytes", "20000")
      const [small] = new RandomLog({ seed: 35, firstSeq: 4, largeOneIn: 0 }).transaction(1)
      const insert = small?.changes[0]
      if (small === undefined || insert?.op !== "insert") throw new Error("the seed gives an insert")
      // Not to be compressed away.
      const text = Array.from({ length: 30_000 }, (_, i) => Math.sin(i).toString(36)).join("")
      const large = later({
        ...small,
        changes: [
          insert,
          { ...insert, after: insert.after.map((cell, i) => (i === 1 ? text : cell)) },
          insert
        ],
        commit: { ...small.commit, count: 3 }
      })
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          yield* archive.append([large])
          assertSameLog(yield* readRange(archive, { seq: 4, ordinal: 0 }, 5), [large])
        })
      )
      yield* opened({ topic }, (archive) =>
        Effect.gen(function* () {
          assertSameLog(yield* readRange(archive, { seq: 4, ordinal: 0 }, 5), [large])
          assert.strictEqual((yield* archive.volume(4, 5)).changes, 3)
        })
      )
      const parts = (yield* readWithKafkaJs(broker(), topic)).filter(({ value }) => value === undefined)
      assert.isAbove(parts.length, 10)
      assert.strictEqual(new Set(parts.map(({ partition }) => partition)).size, 1)
    })
  )

  it.live("a process that only reads follows what another one appends", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      assert.strictEqual((yield* refused({ topic, role: "reader" })).reason._tag, "Unavailable")
      const log = new RandomLog({ seed: 36 })
      yield* opened({ topic, indexChanges: 200 }, (writer) =>
        Effect.gen(function* () {
          yield* writer.beginIncarnation(randomIncarnation())
          const first = log.transactions(20).flat()
          yield* writer.append(first)
          yield* opened({ topic, role: "reader" }, (reader) =>
            Effect.gen(function* () {
              assertSameLog(yield* readRange(reader, start, 21), first)
              // Unfinished, and then another life that does not finish it.
              yield* writer.append(log.transaction(900).slice(0, 2))
              yield* writer.beginIncarnation(randomIncarnation(2, 21))
              const second = new RandomLog({ seed: 37, firstSeq: 21, incarnation: 2 }).transactions(60)
              for (const transaction of second) yield* writer.append(transaction)
              const time = Date.UTC(2027, 0, 1) * 1000
              yield* writer.writeMark(markAfter(second.at(-1) ?? [], time))
              assertSameLog(yield* readRange(reader, start, 81), [...first, ...second.flat()])
              yield* Effect.sleep("5 millis").pipe(
                Effect.andThen(reader.coverage),
                Effect.repeat({ until: ({ toTime }) => toTime === time })
              )
              assert.deepStrictEqual(yield* reader.coverage, yield* writer.coverage)
              const all = { transactions: 80, changes: countChanges([...first, ...second.flat()]) }
              const { bytes, ...volume } = yield* reader.volume(1, 81)
              assert.deepStrictEqual(volume, all)
              assert.strictEqual(bytes, (yield* writer.volume(1, 81)).bytes)
              yield* failure("Conflict", reader.append(second.at(-1) ?? []))
            })
          )
        })
      )
    })
  )
})

/** The same after all that `filled` has stored. */
const later = (chunk: ArchivedChunk): ArchivedChunk => ({
  ...chunk,
  commit: {
    ...chunk.commit,
    commitLsn: chunk.commit.commitLsn + 0x1_0000_0000n,
    endLsn: chunk.commit.endLsn + 0x1_0000_0000n
  }
})
