import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schedule, type Scope } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeLossyProxy } from "../servers/LossyProxy.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { archiveIn, edgesOf, freshTopic } from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { RandomLog, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

const opened = <A, E>(
  broker: string,
  topic: string,
  use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
) => Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveIn(broker, { topic }), { local: true }))

const start = { seq: 1, ordinal: 0 }

/**
 * A log without statements that go to every partition: each change is one record. Of today: after a crash the broker
 * forgets producers whose last record is older than a day by its timestamp, and no longer removes their doubles.
 */
const plainLog = (seed: number) => {
  const now = (Date.now() - 3_600_000) * 1000
  const log = new RandomLog({ seed, maxChanges: 30, after: { lsn: 0x1_5d00_0000n, time: now } })
  const message = { op: "message", prefix: "audit", content: "AAEC" } as const
  return (count: number) =>
    log
      .transactions(count)
      .flat()
      .map((chunk) => ({
        ...chunk,
        changes: chunk.changes.map((change) => (change.op === "truncate" ? message : change))
      }))
}

/** Each change once, in each partition in the order of the log, and every one as the archive was given it. */
const assertStored = Effect.fnUntraced(function* (
  broker: string,
  topic: string,
  chunks: ReadonlyArray<ArchivedChunk>
) {
  const seen = yield* readWithKafkaJs(broker, topic)
  const places = seen.map(({ value }) => `${value?.["seq"]}.${value?.["ordinal"]}`)
  assert.strictEqual(new Set(places).size, places.length, "a record is stored twice")
  assert.strictEqual(places.length, countChanges(chunks), "records are missing")
  const last = new Map<number, number>()
  for (const { partition, value } of seen) {
    const order = Number(value?.["seq"]) * 100_000 + Number(value?.["ordinal"])
    assert.isAbove(order, last.get(partition) ?? -1, `the order of partition ${partition}`)
    last.set(partition, order)
  }
})

describeWith("kafka", "a Kafka broker that fails", () => {
  it.live(
    "killed under append: nothing is lost, doubled or out of order",
    () =>
      Effect.gen(function* () {
        const kafka = yield* makeTestKafka()
        const topic = freshTopic()
        const chunks = plainLog(41)(400)
        let appended = 0
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            const writer = yield* Effect.gen(function* () {
              for (; appended < chunks.length; appended += 4) {
                yield* archive.append(chunks.slice(appended, appended + 4)).pipe(
                  Effect.retry({
                    while: (error) => error.isRetryable,
                    schedule: Schedule.spaced("200 millis")
                  })
                )
              }
            }).pipe(Effect.forkChild)
            for (const until of [100, 250]) {
              yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => appended >= until }))
              yield* kafka.kill
              yield* kafka.start
            }
            yield* Fiber.join(writer)
            assertSameLog(yield* readRange(archive, start, 401), chunks)
          })
        )
        yield* assertStored(kafka.broker, topic, chunks)
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            assertSameLog(yield* readRange(archive, start, 401), chunks)
          })
        )
      }),
    120_000
  )

  it.live(
    "loses answers and requests: nothing is lost, doubled or out of order",
    () =>
      Effect.gen(function* () {
        const proxy = yield* makeLossyProxy
        const kafka = yield* makeTestKafka({ advertisedPort: proxy.port })
        proxy.connectTo(kafka.port)
        const topic = freshTopic()
        const chunks = plainLog(43)(160)
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            for (let i = 0; i < chunks.length; i += 10) {
              if (i % 40 === 0) proxy.loseAnswer()
              if (i % 40 === 20) proxy.loseRequest()
              yield* archive.append(chunks.slice(i, i + 10))
            }
            assert.isAtLeast(proxy.lost(), 8)
            assertSameLog(yield* readRange(archive, start, 161), chunks)
          })
        )
        yield* assertStored(kafka.broker, topic, chunks)
      }),
    60_000
  )

  it.live(
    "frozen while an append is given up: what came of it is read back, and the rest appended",
    () =>
      Effect.gen(function* () {
        const kafka = yield* makeTestKafka()
        const topic = freshTopic()
        const log = plainLog(42)
        const [before, after] = [log(50), log(100)]
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append(before)
            yield* kafka.freeze
            const given = yield* archive.append(after).pipe(Effect.forkChild)
            yield* Effect.sleep("300 millis")
            yield* Fiber.interrupt(given)
            yield* kafka.thaw
            // The broker takes what lay in its socket, before or after we look.
            yield* archive.append([...before.slice(-3), ...recut(new RandomLog({ seed: 1 }).dice, after)])
            assertSameLog(yield* readRange(archive, start, 151), [...before, ...after])
          })
        )
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            assertSameLog(yield* readRange(archive, start, 151), [...before, ...after])
            const { ends } = yield* edgesOf(kafka.broker, topic)
            const stored = ends.reduce((sum, end) => sum + end, 0)
            assert.isAtLeast(stored, countChanges(before) + countChanges(after))
          })
        )
      }),
    60_000
  )

  it.live(
    "away at the start: says so, and may be tried again",
    () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(opened("127.0.0.1:1", freshTopic(), () => Effect.void))
        assert.strictEqual(error.reason._tag, "Unavailable")
        assert.isTrue(error.isRetryable)
      }),
    30_000
  )

  it.live(
    "that wants credentials: takes the right ones, and says so for wrong ones",
    () =>
      Effect.gen(function* () {
        const user = { name: "walstream", password: "right" }
        const kafka = yield* makeTestKafka({ user })
        const layer = (password: string) =>
          archiveIn(kafka.broker, {
            topic: freshTopic(),
            credentials: {
              mechanism: "SCRAM-SHA-512",
              username: user.name,
              password: Redacted.make(password)
            }
          })
        yield* Archive.use((archive) => archive.recover).pipe(Effect.provide(layer("right"), { local: true }))
        const error = yield* Archive.use((archive) => archive.recover).pipe(
          Effect.provide(layer("wrong"), { local: true }),
          Effect.flip
        )
        assert.strictEqual(error.reason._tag, "Unsuited")
        assert.include(error.message, "refuses the credentials")
        assert.notInclude(error.message, "wrong")
      }),
    60_000
  )
})
