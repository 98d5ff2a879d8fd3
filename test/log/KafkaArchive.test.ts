import { Effect } from "effect"
import { describeWith } from "../servers/DescribeWith.ts"
import { sharedKafka } from "../servers/SharedKafka.ts"
import { archiveConformance } from "./ArchiveConformance.ts"
import { administer, archiveIn, edgesOf, freshTopic, removeBefore } from "./KafkaFixture.ts"

describeWith("kafka", "the Kafka archive", () => {
  const broker = sharedKafka()
  archiveConformance(
    "KafkaArchive",
    Effect.acquireRelease(Effect.sync(freshTopic), (topic) =>
      administer(broker(), (admin) => admin.deleteTopics({ topics: [topic, `${topic}.meta`] })).pipe(
        Effect.ignoreCause
      )
    ).pipe(
      Effect.map((topic) => ({
        layer: archiveIn(broker(), { topic, indexChanges: 300, compression: "lz4" }),
        expire: Effect.gen(function* () {
          const { ends } = yield* edgesOf(broker(), topic)
          yield* removeBefore(
            broker(),
            topic,
            ends.map((end) => Math.floor(end / 3))
          )
        })
      }))
    )
  )
})
