import { Effect, Layer } from "effect"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnRecurring } from "../runtime/Recurring.ts"
import { ReplayEvents } from "./ReplayEvents.ts"

export interface EventKeyCleanerOptions {
  /** Between two looks at all targets. Default one hour: what lies around longer only takes room. */
  readonly everyMillis?: number
}

const defaultEveryMillis = 3_600_000

/** Marks that go in one statement: a DELETE of a week's marks would hold its transaction open for minutes. */
const atOnce = 5000

const cleanTarget = Effect.fnUntraced(
  function* (events: typeof ReplayEvents.Service, target: string) {
    let removed = 0
    for (let some = atOnce; some === atOnce; removed += some) some = yield* events.expire(target, atOnce)
    if (removed > 0) yield* Effect.logDebug("expired marks of single changes removed", { target, removed })
  },
  // One that cannot be reached now is looked at again next time.
  (cleaned, _, target) =>
    Effect.catch(cleaned, (error) =>
      Effect.logWarning("expired marks of single changes cannot be removed", {
        target,
        detail: error.message
      })
    )
)

/** The actor that removes marks of single changes once they no longer count: 7 days after the change was applied. */
export const eventKeyCleaner = ({
  everyMillis = defaultEveryMillis
}: EventKeyCleanerOptions): Layer.Layer<never, never, ActorSystem | ReplayEvents> =>
  Layer.effectDiscard(
    Effect.flatMap(ReplayEvents, (events) =>
      spawnRecurring({
        name: "event-keys",
        everyMillis,
        run: Effect.forEach(events.targets, (target) => cleanTarget(events, target), { discard: true })
      })
    )
  )
