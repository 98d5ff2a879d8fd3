import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import { failure, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { administer, archiveIn, freshTopic } from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const start = { seq: 1, ordinal: 0 }
const forEver = "9223372036854775807"
const [topicResource, setOperation] = [2, 0] as const

describeWith("kafka", "while the archive is open", () => {
  const broker = sharedKafka()

  const opened = <A, E>(topic: string, use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>) =>
    Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveIn(broker(), { topic }), { local: true }))

  it.live("a source whose clock is hours ahead of the broker's is taken, with its own times", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const ahead = (Date.now() + 3 * 3_600_000) * 1000
      const log = new RandomLog({ seed: 51, largeOneIn: 0, after: { lsn: 0x2000_0000n, time: ahead } })
      const [before, after] = [log.transactions(20).flat(), log.transactions(5).flat()]
      const setBound = (value: string) =>
        administer(broker(), (admin) =>
          admin.incrementalAlterConfigs({
            resources: [
              {
                resourceType: topicResource,
                resourceName: topic,
                configs: [{ name: "message.timestamp.after.max.ms", configOperation: setOperation, value }]
              }
            ]
          })
        )
      yield* opened(topic, (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          yield* archive.append(before)
          // Somebody bounds it while capture runs, as a broker does by itself.
          yield* setBound("3600000")
          const refused = yield* Effect.flip(archive.append(after))
          assert.strictEqual(refused.reason._tag, "Unsuited")
          assert.include(refused.fix ?? "", "message.timestamp.after.max.ms")
          yield* setBound(forEver)
          yield* archive.append(after)
          assertSameLog(yield* readRange(archive, start, 26), [...before, ...after])
          assert.isAtLeast((yield* archive.coverage).toTime ?? 0, ahead)
        })
      )
      const times = new Map([...before, ...after].map(({ seq, commit }) => [seq, commit.commitTime]))
      for (const { value, timestamp } of yield* readWithKafkaJs(broker(), topic)) {
        assert.strictEqual(Number(timestamp), Math.floor((times.get(Number(value?.["seq"])) ?? 0) / 1000))
      }
    })
  )

  it.live("a topic that is deleted, and made anew by somebody, is not gone on with", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const log = new RandomLog({ seed: 52, largeOneIn: 0 })
      const [before, after] = [log.transactions(20).flat(), log.transactions(5).flat()]
      yield* opened(topic, (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          yield* archive.append(before)
          yield* archive.writeMark(markAfter(before.filter(({ seq }) => seq === 20)))
          yield* administer(broker(), (admin) => admin.deleteTopics({ topics: [topic] }))
          const gone = yield* Effect.flip(archive.append(after))
          assert.strictEqual(gone.reason._tag, "Corrupt")
          assert.include(gone.message, `topic ${topic} `)
          const configs = [{ name: "message.timestamp.after.max.ms", value: forEver }]
          yield* administer(broker(), (admin) =>
            admin.createTopics({ topics: [topic], partitions: 4, replicas: 1, configs })
          )
          const lost = yield* failure("BelowMark", untilKnown(archive, after))
          assert.deepStrictEqual(lost, { _tag: "BelowMark", mark: 20, end: 0 })
        })
      )
    })
  )
})

/** A topic that was just made is not known to all for a moment. */
const untilKnown = (archive: OpenArchive, chunks: ReadonlyArray<ArchivedChunk>) =>
  archive.append(chunks).pipe(
    Effect.retry({
      while: ({ isRetryable, reason }) => isRetryable || reason._tag === "Corrupt"
    })
  )
