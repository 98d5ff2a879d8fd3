import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import { coverageJson } from "../api/CoverageJson.ts"
import { Principal } from "../api/Principal.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { LiveStreams } from "../live/LiveStreams.ts"
import { subscriptionRefused } from "../live/SubscriptionRefused.ts"
import { RecentEvents } from "../RecentEvents.ts"
import { storeUnavailable } from "../StoreUnavailable.ts"
import { makeHistoryHandlers } from "./HistoryHandlers.ts"

const upgradeRequired = HttpServerResponse.empty({
  status: 426,
  headers: { connection: "Upgrade", upgrade: "websocket" }
})

export const layerEventsHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const buffer = yield* LiveBuffer
    const events = yield* RecentEvents
    const streams = yield* LiveStreams
    const history = yield* makeHistoryHandlers

    return handlers.handleAll({
      recent: Effect.fnUntraced(
        function* ({ query }) {
          const { limit = 50, ...filter } = query
          return yield* events.read(filter, limit)
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
      ),
      ...history,
      ws: ({ request }) =>
        request.headers["upgrade"]?.toLowerCase() === "websocket"
          ? Effect.flatMap(Principal, (by) =>
              Effect.as(streams.socket(request, by), HttpServerResponse.empty())
            )
          : Effect.succeed(upgradeRequired),
      stream: Effect.fnUntraced(
        function* ({ request, query, headers }) {
          const { ticket: _ticket, token: _token, after, ...filter } = query
          const cursor = headers["last-event-id"] ?? after ?? null
          const body = yield* streams.source(request, yield* Principal, { filter, after: cursor })
          return HttpServerResponse.stream(body, {
            contentType: "text/event-stream",
            // Proxies would keep it back until they have enough; and a server that stops would wait for the connection.
            headers: { "x-accel-buffering": "no", connection: "close" }
          })
        },
        Effect.catchTag("NotSubscribed", (error) => Effect.fail(subscriptionRefused(error)))
      )
    })
  })
)
