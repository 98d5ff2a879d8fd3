import { assert, it } from "@effect/vitest"
import { Effect, Layer, PubSub } from "effect"
import { JobFeed } from "../../../src/control/live/JobFeed.ts"
import { LiveChannels } from "../../../src/control/live/LiveChannels.ts"
import { LiveFeed } from "../../../src/control/live/LiveFeed.ts"
import { MetricsFeed } from "../../../src/control/live/MetricsFeed.ts"
import { SourceView } from "../../../src/control/SourceView.ts"
import { IngestState } from "../../../src/ingest/IngestState.ts"
import { Archive } from "../../../src/log/Archive.ts"
import { Wakeup } from "../../../src/log/Wakeup.ts"
import { capturing } from "../SourceFixture.ts"

const channels = LiveChannels.layer.pipe(
  Layer.provide(
    Layer.mergeAll(
      Layer.mock(LiveFeed, {}),
      Layer.mock(JobFeed, {}),
      Layer.mock(MetricsFeed, {}),
      Layer.mock(Archive, { kind: "sqlite" }),
      Layer.succeed(SourceView, { source: "shop", here: true, read: Effect.succeed(capturing) })
    )
  ),
  Layer.provideMerge(IngestState.layer)
)

it.live(
  "messages that belong to no transaction are told where the source is captured, the newest of them",
  () =>
    Effect.gen(function* () {
      const { open } = yield* LiveChannels
      const { messages } = yield* IngestState
      const bell = new Wakeup()
      const asked = { type: "subscribe", id: "m", channel: "messages" } as const
      const take = yield* open(asked, () => bell.notify())
      const { next } = bell
      yield* PubSub.publish(messages, {
        _tag: "Message" as const,
        lsn: 0x1_0000_0010n,
        prefix: "note",
        content: "aGk="
      })
      yield* next
      assert.deepStrictEqual(JSON.parse(String(take())), {
        type: "message",
        id: "m",
        lsn: "1/10",
        prefix: "note",
        content: "aGk="
      })
      assert.isUndefined(take())
    }).pipe(Effect.scoped, Effect.provide(channels), Effect.timeout("10 seconds"))
)
