import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { type Event, eventsOf } from "../../domain/Event.ts"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import type { LogError } from "../../log/LogError.ts"
import { coverageJson } from "../api/CoverageJson.ts"
import { Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { isEverything, matchesEvent } from "../EventFilter.ts"
import { SourceView } from "../SourceView.ts"

/** How many of the newest changes a filter looks through. */
const depth = 20_000

export const storeUnavailable = (error: LogError) =>
  error.isRetryable
    ? Effect.andThen(
        Effect.logWarning(error.message),
        Effect.fail(new Unavailable({ detail: `the ${error.store} store does not answer` }))
      )
    : Effect.die(error)

export const layerEventsHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const buffer = yield* LiveBuffer
    const { source } = yield* SourceView

    return handlers.handleAll({
      recent: Effect.fnUntraced(
        function* ({ query }) {
          const { limit = 50, ...filter } = query
          const chunks = yield* buffer.recent(isEverything(filter) ? limit : depth)
          const items: Array<Event> = []
          let searched = 0
          for (const chunk of chunks) {
            if (items.length >= limit) break
            // Chunks come newest first, their changes in order.
            for (const event of eventsOf(source, chunk).toReversed()) {
              if (items.length >= limit) break
              searched += 1
              if (matchesEvent(filter, event)) items.push(event)
            }
          }
          return { items, searched }
        },
        Effect.catchTag("LogError", storeUnavailable)
      ),
      stats: Effect.fnUntraced(
        function* () {
          const stats = yield* buffer.stats
          const coverage = yield* buffer.coverage
          return {
            store: buffer.kind,
            changes: stats.changes,
            bytes: stats.bytes,
            max_changes: stats.maxChanges,
            coverage: coverageJson(coverage)
          }
        },
        Effect.catchTag("LogError", storeUnavailable)
      )
    })
  })
)
