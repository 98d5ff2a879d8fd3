import { Context, Effect, Layer, Option, PubSub, Schema, type Scope, Stream } from "effect"
import { formatLsn } from "../../domain/Lsn.ts"
import type { Position } from "../../domain/Position.ts"
import { IngestState } from "../../ingest/IngestState.ts"
import type { Archive } from "../../log/Archive.ts"
import type { ClientFrame } from "../api/LiveFrames.ts"
import { eventAt } from "../EventAt.ts"
import type { EventFilter } from "../EventFilter.ts"
import { SourceView } from "../SourceView.ts"
import type { EventSubscription } from "./EventSubscription.ts"
import type { EventsFrame } from "./EventsFrame.ts"
import { eventsFrame, frameText, jobFrameText, metricsFrameText } from "./FrameText.ts"
import { JobFeed } from "./JobFeed.ts"
import { LiveFeed } from "./LiveFeed.ts"
import { MetricsFeed } from "./MetricsFeed.ts"

/** Why there is no such subscription. */
export class NotSubscribed extends Schema.TaggedError<NotSubscribed>()("NotSubscribed", {
  code: Schema.Literals(["unknown_cursor", "unavailable", "not_here"]),
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

/** What a subscription has to send: the next frame, or undefined. */
export type TakeFrame = () => string | EventsFrame | undefined

type Subscribe = Extract<ClientFrame, { readonly type: "subscribe" }>

/** Messages of one client at most; the oldest are dropped. */
const mostMessages = 1000

/** What one can subscribe to. Subscriptions end with their scope; `wake` is called when there is something to take. */
export class LiveChannels extends Context.Service<
  LiveChannels,
  {
    readonly events: (
      filter: EventFilter,
      after: string | null,
      wake: () => void
    ) => Effect.Effect<EventSubscription, NotSubscribed, Scope.Scope>
    readonly open: (
      asked: Subscribe,
      wake: () => void
    ) => Effect.Effect<TakeFrame, NotSubscribed, Scope.Scope>
  }
>()("walstream/control/live/LiveChannels") {
  static readonly layer: Layer.Layer<
    LiveChannels,
    never,
    LiveFeed | JobFeed | MetricsFeed | Archive | SourceView
  > = Layer.effect(
    LiveChannels,
    Effect.gen(function* () {
      const feed = yield* LiveFeed
      const jobs = yield* JobFeed
      const metrics = yield* MetricsFeed
      const { source } = yield* SourceView
      const archive = yield* Effect.context<Archive>()
      /** Where the source is captured, and nowhere else. */
      const ingest = yield* Effect.serviceOption(IngestState)

      const behind = (cursor: string): Effect.Effect<Position, NotSubscribed> =>
        eventAt(source, cursor).pipe(
          Effect.provide(archive),
          Effect.mapError(
            () => new NotSubscribed({ code: "unavailable", detail: "the archive does not answer" })
          ),
          Effect.flatMap(
            Option.match({
              onNone: () =>
                Effect.fail(
                  new NotSubscribed({
                    code: "unknown_cursor",
                    detail: "no change of this position is held"
                  })
                ),
              onSome: ({ seq, ordinal }) => Effect.succeed({ seq, ordinal: ordinal + 1 })
            })
          )
        )

      const events = Effect.fnUntraced(function* (
        filter: EventFilter,
        after: string | null,
        wake: () => void
      ) {
        const from = after === null ? null : yield* behind(after)
        return yield* feed.subscribe({ filter, from, wake })
      })

      const openEvents = Effect.fnUntraced(function* (asked: Subscribe, wake: () => void) {
        const { id, filter = {}, after = null } = asked
        const subscription = yield* events(filter, after, wake)
        let seq = 0
        return () => {
          const taken = subscription.take()
          if (taken === undefined) return undefined
          if (taken._tag === "Notice") return frameText({ type: "notice", id, notice: taken.notice })
          seq += 1
          const cursor = taken.batches.at(-1)?.events.at(-1)?.event.position ?? null
          return eventsFrame({ ...taken, id, seq, cursor })
        }
      })

      const openJobs = Effect.fnUntraced(function* ({ id }: Subscribe, wake: () => void) {
        const subscription = yield* jobs.subscribe(wake)
        return () => {
          const taken = subscription.take()
          return taken === undefined ? undefined : jobFrameText(id, taken.id, taken.job)
        }
      })

      const openMetrics = Effect.fnUntraced(function* ({ id }: Subscribe, wake: () => void) {
        const subscription = yield* metrics.subscribe(wake)
        return () => {
          const taken = subscription.take()
          return taken === undefined ? undefined : metricsFrameText(id, taken)
        }
      })

      const openMessages = Effect.fnUntraced(function* ({ id }: Subscribe, wake: () => void) {
        if (Option.isNone(ingest)) {
          const detail = "messages are told where the source is captured, and that is another process"
          return yield* new NotSubscribed({ code: "not_here", detail })
        }
        const waiting: Array<string> = []
        const messages = yield* PubSub.subscribe(ingest.value.messages)
        yield* Stream.fromSubscription(messages).pipe(
          Stream.runForEach(({ lsn, prefix, content }) =>
            Effect.sync(() => {
              waiting.push(frameText({ type: "message", id, lsn: formatLsn(lsn), prefix, content }))
              if (waiting.length > mostMessages) waiting.shift()
              wake()
            })
          ),
          Effect.forkScoped
        )
        return () => waiting.shift()
      })

      return LiveChannels.of({
        events,
        open: (asked, wake) => {
          switch (asked.channel) {
            case "events":
              return openEvents(asked, wake)
            case "jobs":
              return openJobs(asked, wake)
            case "metrics":
              return openMetrics(asked, wake)
            case "messages":
              return openMessages(asked, wake)
          }
        }
      })
    })
  )
}
