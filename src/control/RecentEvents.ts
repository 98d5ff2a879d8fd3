import { Context, Effect, Layer, Semaphore } from "effect"
import { type Event, eventsOf } from "../domain/Event.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import type { LogError } from "../log/LogError.ts"
import { type EventFilter, isEverything, matchesEvent } from "./EventFilter.ts"
import { SourceView } from "./SourceView.ts"

/** How many of the newest changes are looked through for something. */
export const searchDepth = 20_000

/** Changes that are looked at before everything else in the process has its turn: some milliseconds. */
const slice = 250

/**
 * The newest events of the live buffer that match, newest first; and how many were looked at for it. One search at a
 * time, in slices: however many ask, the process goes on with everything else.
 */
export class RecentEvents extends Context.Service<RecentEvents>()("walstream/control/RecentEvents", {
  make: Effect.gen(function* () {
    const buffer = yield* LiveBuffer
    const { source } = yield* SourceView
    const turn = Semaphore.makeUnsafe(1)

    const find = Effect.fnUntraced(function* (
      filter: EventFilter,
      limit: number,
      depth: number
    ): Effect.fn.Return<{ readonly items: ReadonlyArray<Event>; readonly searched: number }, LogError> {
      const items: Array<Event> = []
      let searched = 0
      for (const chunk of yield* buffer.recent(depth)) {
        if (items.length >= limit) break
        // Chunks come newest first, their changes in order.
        for (const event of eventsOf(source, chunk).toReversed()) {
          if (items.length >= limit) break
          searched += 1
          if (matchesEvent(filter, event)) items.push(event)
          if (searched % slice === 0) yield* Effect.yieldNow
        }
      }
      return { items, searched }
    })

    return {
      read: (filter: EventFilter, limit: number) =>
        isEverything(filter)
          ? find(filter, limit, limit)
          : turn.withPermits(1)(find(filter, limit, searchDepth))
    }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
