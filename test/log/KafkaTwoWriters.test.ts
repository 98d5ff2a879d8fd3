import { it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import { readRange } from "./ArchiveConformance.ts"
import { archiveIn, freshTopic } from "./KafkaFixture.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

describeWith("kafka", "a writer that was frozen while its successor went on", () => {
  const broker = sharedKafka()

  it.live("writes what it had in hand when it wakes up; the log reads the same from everywhere", () =>
    Effect.gen(function* () {
      const topic = freshTopic()
      const opened = (role: "writer" | "reader") =>
        Effect.map(
          Layer.build(Layer.fresh(archiveIn(broker(), { topic, role, indexChanges: 20 }))),
          Context.get(Archive)
        )
      const log = new RandomLog({ seed: 96, largeOneIn: 0 })
      const all = log.transactions(160)
      const first = yield* opened("writer")
      yield* first.beginIncarnation(randomIncarnation())
      yield* first.append(all.slice(0, 50).flat())
      const second = yield* opened("writer")
      yield* second.append(all.slice(50, 160).flat())
      yield* second.writeMark(markAfter(all.at(-1) ?? [], 0))
      for (const transaction of all.slice(50, 120)) yield* first.append(transaction)
      yield* Effect.exit(first.writeMark(markAfter(all[119] ?? [], 0)))
      const reader = yield* opened("reader")
      for (let seq = 1; seq <= 160; seq += 8) {
        const read = yield* readRange(reader, { seq, ordinal: 0 }, 161)
        assertSameLog(read, all.slice(seq - 1).flat())
      }
    })
  )
})
