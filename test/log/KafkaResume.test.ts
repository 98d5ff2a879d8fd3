import { assert, it } from "@effect/vitest"
import { Producer } from "@platformatic/kafka"
import { Effect, type Scope, Stream } from "effect"
import type { ReadHints } from "../../src/domain/Log.ts"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { endOrdinal, isBefore, sliceChunk } from "../../src/log/ChunkSlice.ts"
import { KafkaGauges } from "../../src/log/kafka/KafkaGauges.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import type { OpenArchive } from "./ArchiveConformance.ts"
import type { Dice } from "./Dice.ts"
import {
  type ArchiveOptions,
  administer,
  archiveIn,
  edgesOf,
  freshTopic,
  removeBefore
} from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const start: Position = { seq: 1, ordinal: 0 }

const behind = (chunk: ArchivedChunk): Position => ({ seq: chunk.seq, ordinal: endOrdinal(chunk) })

const read = (archive: OpenArchive, from: Position, end: number, hints?: ReadHints) =>
  archive.read(from, end, hints).pipe(
    Stream.runCollect,
    Effect.map((pages): ReadonlyArray<ArchivedChunk> => pages.flat())
  )

/** What a reader from there up to a transaction has to give. */
const restOf = (all: ReadonlyArray<ArchivedChunk>, from: Position, end: number) =>
  all
    .filter((chunk) => !isBefore(chunk, from) && chunk.seq < end)
    .map((chunk) => (chunk.seq === from.seq ? sliceChunk(chunk, from.ordinal) : chunk))

/** Chunks that came with hints: where a job may be resumed. */
const stops = (chunks: ReadonlyArray<ArchivedChunk>) =>
  chunks.flatMap((chunk) => (chunk.hints === undefined ? [] : [{ from: behind(chunk), hints: chunk.hints }]))

/** What a hint should not be: none of it may change what is read. */
const lie = (dice: Dice, hints: ReadHints): ReadHints => {
  const lied: Record<string, string> = {}
  for (const [partition, offset] of Object.entries(hints)) {
    const at = Number(offset)
    const lies = [
      offset,
      String(dice.below(at + 1)),
      String(at + 1 + dice.below(60)),
      "999999999",
      "-1",
      "soon",
      "1e3"
    ]
    if (!dice.oneIn(5)) lied[partition] = dice.pick(lies)
  }
  if (dice.oneIn(3)) lied["77"] = "3"
  return lied
}

/** Everything of one key lies in one partition. */
const ofOneRow = (chunks: ReadonlyArray<ArchivedChunk>, dice: Dice) =>
  chunks.map((chunk) => {
    const [first] = chunk.changes
    const change =
      first?.op === "insert" && !dice.oneIn(20) ? first : { op: "message" as const, prefix: "a", content: "" }
    return { ...chunk, changes: chunk.changes.map(() => change) }
  })

describeWith("kafka", "reading on from a job's checkpoint", () => {
  const broker = sharedKafka()

  const opened = <A, E>(
    options: ArchiveOptions,
    use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
  ) => Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveIn(broker(), options), { local: true }))

  const filled = Effect.fnUntraced(function* (
    options: ArchiveOptions,
    transactions: ReadonlyArray<ReadonlyArray<ArchivedChunk>>
  ) {
    yield* opened(options, (archive) =>
      Effect.gen(function* () {
        yield* archive.beginIncarnation(randomIncarnation())
        for (let i = 0; i < transactions.length; i += 10)
          yield* archive.append(transactions.slice(i, i + 10).flat())
      })
    )
  })

  const shapes = [
    { title: "one partition", partitions: 1, sparse: false },
    { title: "several partitions", partitions: 5, sparse: false },
    { title: "sparse partitions, most of them never written", partitions: 12, sparse: true }
  ]
  for (const { title, partitions, sparse } of shapes) {
    it.live(`${title}: nothing is missing and nothing comes twice, from each stop, with any hints`, () =>
      Effect.gen(function* () {
        const log = new RandomLog({ seed: 60 + partitions, largeOneIn: 12 })
        const transactions = log.transactions(100).map((each) => (sparse ? ofOneRow(each, log.dice) : each))
        const all = transactions.flat()
        const options = { topic: freshTopic(), create: { partitions }, indexChanges: 2500 }
        yield* filled(options, transactions)
        yield* opened({ ...options, role: "reader" }, (archive) =>
          Effect.gen(function* () {
            const given = yield* read(archive, start, 101)
            assertSameLog(given, all)
            const found = stops(given)
            assert.isAbove(found.length, 5)
            for (const { from, hints } of found) {
              assert.lengthOf(Object.keys(hints), partitions)
              assertSameLog(yield* read(archive, from, 101, hints), restOf(all, from, 101))
              // A job that has come further than its checkpoint says.
              const later = { seq: Math.min(100, from.seq + log.dice.below(9)), ordinal: from.ordinal }
              assertSameLog(yield* read(archive, later, 101, hints), restOf(all, later, 101))
              // A window that ends here: no partition gives what lies behind it.
              assertSameLog(yield* read(archive, from, from.seq + 1, hints), restOf(all, from, from.seq + 1))
            }
          })
        )
      })
    )
  }

  it.live("hints that lie change nothing", () =>
    Effect.gen(function* () {
      const log = new RandomLog({ seed: 71, largeOneIn: 9 })
      const transactions = log.transactions(60)
      const all = transactions.flat()
      const options = { topic: freshTopic(), indexChanges: 2500 }
      yield* filled(options, transactions)
      yield* opened({ ...options, role: "reader" }, (archive) =>
        Effect.gen(function* () {
          const found = stops(yield* read(archive, start, 61))
          for (let round = 0; round < 25; round++) {
            const { from, hints } = log.dice.pick(found)
            const lied = lie(log.dice, hints)
            const given = yield* read(archive, from, 61, lied)
            assertSameLog(given, restOf(all, from, 61))
            for (const next of stops(given).slice(0, 2)) {
              assertSameLog(yield* read(archive, next.from, 61, next.hints), restOf(all, next.from, 61))
            }
          }
        })
      )
    })
  )

  it.live("hints name the first record that is still wanted, and reading begins there", () =>
    Effect.gen(function* () {
      const options = { topic: freshTopic(), create: { partitions: 3 } }
      const log = new RandomLog({ seed: 81, largeOneIn: 0 })
      const [before, after] = [log.transactions(300), log.transactions(300)]
      yield* filled(options, before)
      // Somebody's records: whoever passes them counts them.
      yield* Effect.promise(async () => {
        const producer = new Producer({ clientId: "stranger", bootstrapBrokers: [broker()], acks: -1 })
        const messages = [0, 1, 2].map((partition) => ({
          topic: options.topic,
          partition,
          value: Buffer.from("{}")
        }))
        await producer.send({ messages })
        await producer.close()
      })
      const stored = yield* opened(options, (archive) =>
        Effect.gen(function* () {
          yield* archive.append(after.flat())
          const gauges = yield* KafkaGauges
          const passed = () => gauges.read()?.passed ?? { repeats: 0, leftovers: 0, foreign: 0 }
          const stop = stops(yield* read(archive, start, 601)).find(({ from }) => from.seq > 320)
          if (stop === undefined) throw new Error("pages end within the log")
          const { foreign } = passed()
          yield* read(archive, stop.from, 601, stop.hints)
          assert.strictEqual(passed().foreign, foreign, "it began at the hints")
          yield* read(archive, stop.from, 601)
          assert.strictEqual(passed().foreign, foreign + 3, "it began at the last place")
          return stop
        })
      )
      const { from, hints } = stored
      const firstWanted = new Map<number, number>()
      for (const { partition, offset, value } of yield* readWithKafkaJs(broker(), options.topic)) {
        const [seq, ordinal] = [Number(value?.["seq"] ?? 0), Number(value?.["ordinal"])]
        if (seq < from.seq || (seq === from.seq && ordinal < from.ordinal - 1)) continue
        if (!firstWanted.has(partition)) firstWanted.set(partition, offset)
      }
      for (const [partition, offset] of firstWanted) {
        assert.isAtMost(Number(hints[partition]), offset)
        assert.isAtLeast(Number(hints[partition]), offset - 1)
      }
    })
  )

  it.live("hints from before partitions were added, and below what retention left", () =>
    Effect.gen(function* () {
      const options = { topic: freshTopic(), create: { partitions: 2 }, indexChanges: 200 }
      const log = new RandomLog({ seed: 91, largeOneIn: 8 })
      const [before, after] = [log.transactions(40), log.transactions(40)]
      const all = [...before, ...after].flat()
      yield* filled(options, before)
      const found = yield* opened(options, (archive) => Effect.map(read(archive, start, 41), stops))
      yield* administer(broker(), (admin) =>
        admin.createPartitions({ topics: [{ name: options.topic, count: 5, assignments: null }] })
      )
      yield* opened(options, (archive) => archive.append(after.flat()))
      yield* opened(options, (archive) =>
        Effect.forEach(found, ({ from, hints }) =>
          Effect.map(read(archive, from, 81, hints), (given) => assertSameLog(given, restOf(all, from, 81)))
        )
      )
      const { ends } = yield* edgesOf(broker(), options.topic)
      yield* removeBefore(
        broker(),
        options.topic,
        ends.map((end, partition) => (partition < 2 ? Math.floor(end / 3) : 0))
      )
      yield* opened(options, (archive) =>
        Effect.gen(function* () {
          const { firstSeq } = yield* archive.coverage
          assert.isAbove(firstSeq, 1)
          const first = { seq: firstSeq, ordinal: 0 }
          for (const { hints } of found) {
            assertSameLog(yield* read(archive, first, 81, hints), restOf(all, first, 81))
          }
        })
      )
    })
  )
})
