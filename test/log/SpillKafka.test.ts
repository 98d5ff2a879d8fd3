import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { SpillArchive } from "../../src/log/SpillArchive.ts"
import { SpillGauge } from "../../src/log/SpillGauge.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { until } from "../faults/Scene.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { readRange } from "./ArchiveConformance.ts"
import { archiveIn, freshTopic } from "./KafkaFixture.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { temporaryDirectory } from "./SqliteFixture.ts"

describeWith("kafka", "a spill beside Kafka", () => {
  it.live(
    "takes over from a broker that is frozen in the middle of a send, and from one that is killed",
    () =>
      Effect.gen(function* () {
        const kafka = yield* makeTestKafka()
        const topic = freshTopic()
        const file = join(yield* temporaryDirectory, "spill.sqlite")
        const primary = archiveIn(kafka.broker, { topic })
        const services = yield* Layer.build(
          SpillArchive.layer({ file, source: "shop", maxBytes: 1e9, patience: "2 seconds" }).pipe(
            Layer.provide(primary),
            Layer.provide(Layer.fresh(ActorSystem.layer))
          )
        )
        const archive = Context.get(services, Archive)
        const gauge = Context.get(services, SpillGauge)
        const leads = Effect.sync(() => gauge.read()?.since !== null)
        const transactions = new RandomLog({ seed: 5 }).transactions(90)
        const stretch = (from: number, to: number) => transactions.slice(from, to).flat()
        yield* archive.recover
        yield* archive.beginIncarnation(randomIncarnation())
        yield* archive.append(stretch(0, 10))
        yield* archive.writeMark(markAfter(transactions[9] ?? []))
        let at = 10
        for (const [away, back] of [
          [kafka.freeze, kafka.thaw],
          [kafka.kill, kafka.start]
        ] as const) {
          yield* away
          const begun = performance.now()
          yield* archive.append(stretch(at, at + 20))
          yield* archive.writeMark(markAfter(transactions[at + 19] ?? []))
          console.info(`the spill has it after ${Math.round(performance.now() - begun)} ms`)
          assert.isTrue(yield* leads)
          assert.isBelow(performance.now() - begun, 10_000)
          yield* back
          yield* archive.append(stretch(at + 20, at + 40))
          yield* until(
            "Kafka has all of it",
            Effect.map(leads, (does) => !does)
          )
          at += 40
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, at + 1), stretch(0, at))
        }
        const { mark } = yield* archive.recover
        // A mark behind what was drained may have told of a later time.
        assert.deepStrictEqual(mark, {
          ...markAfter(transactions[69] ?? []),
          coverageTime: mark?.coverageTime ?? 0
        })
      }).pipe(Effect.scoped),
    { timeout: 120_000, retry: 0 }
  )
})
