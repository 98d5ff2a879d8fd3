import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Schedule, Scope } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaGauges } from "../../src/log/kafka/KafkaGauges.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestKafkaCluster, type TestKafkaCluster } from "../servers/TestKafkaCluster.ts"
import { type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { type ArchiveOptions, administer, archiveIn, freshTopic } from "./KafkaFixture.ts"
import { assertStored, plainLog } from "./PlainLog.ts"
import { randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const start = { seq: 1, ordinal: 0 }

/** Kafka's number for the settings of a topic. */
const topicResource = 2

/** What an append may take while leaders are elected. It takes 3 to 4 s; the rest is room for a busy machine. */
const withinMillis = 20_000

const soon = Schedule.spaced("10 millis")

describeWith("kafka", "a Kafka cluster that loses brokers", () => {
  let scope: Scope.Closeable | undefined
  let made: TestKafkaCluster | undefined
  beforeAll(async () => {
    scope = await Effect.runPromise(Scope.make())
    made = await Effect.runPromise(makeTestKafkaCluster.pipe(Scope.provide(scope)))
  }, 120_000)
  afterAll(async () => {
    if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  const cluster = (): TestKafkaCluster => {
    if (made === undefined) throw new Error("the cluster starts with the suite")
    return made
  }

  const opened = <A, E>(
    options: ArchiveOptions,
    use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
  ) =>
    Effect.scoped(Archive.use(use)).pipe(
      Effect.provide(archiveIn(cluster().brokers, { create: { partitions: 3 }, ...options }), { local: true })
    )

  const partitionsOf = (topic: string) =>
    administer(cluster().brokers, async (admin) => {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
      return topics.get(topic)?.partitions ?? []
    })

  const leaderOf = (topic: string) => Effect.map(partitionsOf(topic), ([first]) => first?.leader ?? 0)

  /** Until all three have every record again. */
  const allInSync = (topic: string) =>
    Effect.repeat(partitionsOf(topic), {
      until: (partitions) => partitions.every(({ isr }) => isr.length === 3),
      schedule: Schedule.spaced("100 millis")
    })

  /** Appends small batches, some in a second, until it is told to stop. */
  const makeLoad = Effect.fnUntraced(function* (archive: OpenArchive, seed: number) {
    const log = plainLog(seed)
    const given: Array<ArchivedChunk> = []
    let isStopped = false
    let longest = 0
    yield* archive.beginIncarnation(randomIncarnation())
    const fiber = yield* Effect.gen(function* () {
      while (!isStopped) {
        const batch = log(4)
        const begun = yield* Clock.currentTimeMillis
        yield* archive.append(batch)
        longest = Math.max(longest, (yield* Clock.currentTimeMillis) - begun)
        given.push(...batch)
        yield* Effect.sleep("30 millis")
      }
    }).pipe(Effect.forkScoped)
    return {
      given,
      /** The longest that an append took since the last call, in ms. */
      longest: () => {
        const was = longest
        longest = 0
        return was
      },
      /** Until some more is stored. */
      goesOn: Effect.suspend(() => {
        const until = given.length + 20
        return Effect.repeat(Effect.void, { until: () => given.length >= until, schedule: soon })
      }),
      stop: Effect.suspend(() => {
        isStopped = true
        return Fiber.join(fiber)
      })
    }
  })

  const assertWhole = Effect.fnUntraced(function* (
    topic: string,
    archive: OpenArchive,
    given: ReadonlyArray<ArchivedChunk>
  ) {
    const end = (given.at(-1)?.seq ?? 0) + 1
    assertSameLog(yield* readRange(archive, start, end), given)
    yield* opened({ topic, role: "reader" }, (reader) =>
      Effect.map(readRange(reader, start, end), (read) => assertSameLog(read, given))
    )
    yield* assertStored(cluster().brokers, topic, given)
  })

  it.live("topics are made for it: three replicas, two of which must have a record; others are refused", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      yield* opened({ topic }, (archive) => archive.recover)
      for (const name of [topic, `${topic}.meta`]) {
        const partitions = yield* partitionsOf(name)
        assert.isTrue(partitions.every(({ replicas }) => replicas.length === 3))
        const [described] = yield* administer(cluster().brokers, (admin) =>
          admin.describeConfigs({
            resources: [{ resourceType: topicResource, resourceName: name, configurationKeys: null }]
          })
        )
        const settings = new Map(described?.configs.map((config) => [config.name, config.value]))
        assert.strictEqual(settings.get("min.insync.replicas"), "2")
        assert.strictEqual(settings.get("unclean.leader.election.enable"), "false")
      }
      const single = freshTopic()
      yield* opened(
        { topic: single, create: { partitions: 1, replicationFactor: 1 } },
        (archive) => archive.recover
      )
      const refused = yield* Effect.flip(
        opened({ topic: single, create: { replicationFactor: 3 } }, (archive) => archive.recover)
      )
      assert.strictEqual(refused.reason._tag, "Unsuited")
      assert.include(refused.message, `topic ${single} has 1 replica, fewer than KAFKA_REPLICATION_FACTOR=3`)
      const tooMany = yield* Effect.flip(
        opened({ topic: freshTopic(), create: { replicationFactor: 4 } }, (archive) => archive.recover)
      )
      assert.isTrue(tooMany.isRetryable)
      assert.include(tooMany.message, "fewer brokers are there than KAFKA_REPLICATION_FACTOR asks for")
    })
  )

  it.live(
    "the leader killed: another takes over; a second one killed: appends wait, and go on when one is back",
    () =>
      Effect.gen(function* () {
        const topic = freshTopic()
        yield* opened({ topic }, (archive) =>
          Effect.gen(function* () {
            const gauges = yield* KafkaGauges
            const sendAgeMs = Effect.map(
              Clock.currentTimeMillis,
              (now) => now - (gauges.read()?.waitsSince ?? now)
            )
            const { given, longest, goesOn, stop } = yield* makeLoad(archive, 71)
            yield* goesOn
            const leader = yield* leaderOf(topic)
            yield* cluster().node(leader).kill
            yield* goesOn
            assert.isBelow(longest(), withinMillis, "one is away")

            const second = yield* leaderOf(topic)
            yield* cluster().node(second).kill
            // The one that is left is no majority, and alone would be one replica too few.
            yield* Effect.repeat(sendAgeMs, { until: (age) => age > 5500, schedule: soon })
            const stored = given.length
            yield* Effect.repeat(sendAgeMs, { until: (age) => age > 6500, schedule: soon })
            assert.strictEqual(given.length, stored)

            yield* cluster().node(second).start
            const back = yield* Clock.currentTimeMillis
            yield* goesOn
            assert.isBelow((yield* Clock.currentTimeMillis) - back, withinMillis, "one is back")
            yield* cluster().node(leader).start
            yield* allInSync(topic)
            yield* goesOn
            yield* stop
            yield* assertWhole(topic, archive, given)
          })
        )
      }),
    180_000
  )

  it.live(
    "the leader frozen: its connections stay open, and another takes over",
    () =>
      Effect.gen(function* () {
        const topic = freshTopic()
        yield* opened({ topic, answerMillis: 3000 }, (archive) =>
          Effect.gen(function* () {
            const { given, longest, goesOn, stop } = yield* makeLoad(archive, 73)
            yield* goesOn
            const leader = cluster().node(yield* leaderOf(topic))
            yield* leader.freeze
            yield* goesOn.pipe(Effect.ensuring(leader.thaw))
            assert.isBelow(longest(), withinMillis)
            yield* goesOn
            yield* stop
            yield* allInSync(topic)
            yield* assertWhole(topic, archive, given)
          })
        )
      }),
    120_000
  )

  it.live(
    "all three restarted one after the other under load",
    () =>
      Effect.gen(function* () {
        const topic = freshTopic()
        yield* opened({ topic }, (archive) =>
          Effect.gen(function* () {
            const { given, longest, goesOn, stop } = yield* makeLoad(archive, 74)
            for (const id of [1, 2, 3]) {
              yield* cluster().node(id).stop
              yield* goesOn
              yield* cluster().node(id).start
              yield* allInSync(topic)
            }
            yield* goesOn
            yield* stop
            assert.isBelow(longest(), withinMillis)
            yield* assertWhole(topic, archive, given)
          })
        )
      }),
    180_000
  )
})
