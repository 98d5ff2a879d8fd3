import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, Schedule, type Scope } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeLossyProxy } from "../servers/LossyProxy.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { archiveIn, edgesOf, freshTopic } from "./KafkaFixture.ts"
import { assertStored, plainLog } from "./PlainLog.ts"
import { RandomLog, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

const opened = <A, E>(
  broker: string,
  topic: string,
  use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
) => Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveIn(broker, { topic }), { local: true }))

const start = { seq: 1, ordinal: 0 }

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
    "frozen: who writes and who reads say so after seconds, and that it is back",
    () =>
      Effect.gen(function* () {
        const kafka = yield* makeTestKafka()
        const topic = freshTopic()
        const chunks = plainLog(44)(10)
        const reader = archiveIn(kafka.broker, { topic, role: "reader" })
        yield* opened(kafka.broker, topic, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            const other = yield* Archive
            for (const each of [archive, other]) yield* each.reach
            yield* kafka.freeze
            const given = yield* archive.append(chunks).pipe(Effect.forkChild)
            const schedule = Schedule.spaced("50 millis")
            for (const each of [archive, other]) {
              const error = yield* Effect.repeat(Effect.option(Effect.flip(each.reach)), {
                until: Option.isSome,
                schedule
              })
              assert.include(Option.getOrThrow(error).message, "no answer for 5 s")
            }
            yield* kafka.thaw
            for (const each of [archive, other]) yield* Effect.retry(each.reach, { schedule })
            yield* Fiber.join(given)
            yield* Effect.repeat(other.coverage, { until: ({ nextSeq }) => nextSeq === 11, schedule })
          }).pipe(Effect.provide(reader, { local: true }))
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
