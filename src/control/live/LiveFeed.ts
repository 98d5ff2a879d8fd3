import { Context, Effect, Latch, Layer, type Scope, Stream } from "effect"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import type { LogError } from "../../log/LogError.ts"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import type { EventFilter } from "../EventFilter.ts"
import { SourceView } from "../SourceView.ts"
import { catchUp } from "./CatchUp.ts"
import { EventSubscription } from "./EventSubscription.ts"
import { FeedGroups } from "./FeedGroups.ts"
import { makeWatched } from "./Watched.ts"

/** What waits for one client at most. The text is shared with others; what is beyond is dropped, oldest first. */
const queueLimits = { events: 5000, bytes: 8 * 1024 * 1024 }

/** A page of the live buffer that has fewer changes was all there is. */
const fullPage = 500

/** Milliseconds between two deliveries: each costs more with more clients, so there are fewer. */
const restFor = (clients: number): number => Math.min(100, Math.max(10, clients / 2))

/** How long a subscription waits to be placed: without a live buffer it is told so all the same. */
const placing = "2 seconds"

export interface Subscribe {
  readonly filter: EventFilter
  /** From this change on; null for what comes from now on. */
  readonly from: Position | null
  /** Called whenever there is something to take. */
  readonly wake: () => void
}

/**
 * What is captured, as it is captured: one reader of the live buffer for all who watch. Nobody who watches slows it or
 * another one down.
 */
export class LiveFeed extends Context.Service<
  LiveFeed,
  {
    /** All that becomes visible after this has returned is delivered, or said to be missing. */
    readonly subscribe: (options: Subscribe) => Effect.Effect<EventSubscription, never, Scope.Scope>
  }
>()("walstream/control/live/LiveFeed") {
  static readonly layer: Layer.Layer<LiveFeed, never, LiveBuffer | SourceView | ActorSystem> = Layer.effect(
    LiveFeed,
    Effect.gen(function* () {
      const buffer = yield* LiveBuffer
      const { source } = yield* SourceView
      const groups = new FeedGroups(source)
      const placed = yield* Latch.make(false)

      const deliver = (chunks: ReadonlyArray<ArchivedChunk>) =>
        Effect.suspend(() =>
          groups.deliver(chunks) < fullPage ? Effect.sleep(restFor(groups.size)) : Effect.yieldNow
        )

      let isAway = false

      /** Where to read on: at the end when it begins, else where it was, unless the log has begun anew below that. */
      const place = Effect.gen(function* () {
        if (groups.position !== null && !isAway) return groups.position
        const { nextSeq } = yield* buffer.coverage
        const held = groups.position
        const position = held === null || held.seq > nextSeq ? { seq: nextSeq, ordinal: 0 } : held
        groups.position = position
        yield* placed.open
        if (isAway) groups.tell({ code: "back" })
        isAway = false
        return position
      })

      const recover = Effect.fnUntraced(function* ({ message, reason }: LogError) {
        if (reason._tag === "Missing") {
          groups.tell({ code: "missing", from_seq: reason.from, until_seq: reason.until })
          groups.position = { seq: reason.until, ordinal: 0 }
          return
        }
        if (!isAway) yield* Effect.logWarning(`the live feed waits: ${message}`)
        isAway = true
        groups.tell({ code: "away" })
        yield* Effect.sleep("1 second")
      })

      const follow = place.pipe(
        Effect.flatMap((position) => Stream.runForEach(buffer.read(position, null), deliver)),
        Effect.catchTag("LogError", recover),
        Effect.forever
      )
      const reader = yield* makeWatched(
        "feed",
        Effect.ensuring(
          follow,
          Effect.sync(() => {
            // Somebody has come in the meantime: the next life goes on where this one was.
            if (groups.size > 0) return
            groups.position = null
            isAway = false
            placed.closeUnsafe()
          })
        )
      )

      const common = Effect.andThen(
        placed.await,
        Effect.suspend(
          (): Effect.Effect<Position> => (groups.position === null ? common : Effect.succeed(groups.position))
        )
      )

      return LiveFeed.of({
        subscribe: Effect.fnUntraced(function* ({ filter, from, wake }) {
          const subscription = new EventSubscription(filter, queueLimits, wake)
          yield* Effect.acquireRelease(
            Effect.sync(() => groups.add(subscription)),
            () => Effect.sync(() => groups.remove(subscription))
          )
          yield* reader.watch
          // Before it is placed nothing is delivered: so it misses nothing.
          if (from === null) subscription.attach(groups.position ?? { seq: 0, ordinal: 0 })
          else yield* Effect.forkScoped(catchUp({ buffer, source, common }, subscription, from))
          yield* Effect.timeoutOption(placed.await, placing)
          return subscription
        })
      })
    })
  )
}
