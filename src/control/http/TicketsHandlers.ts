import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Principal } from "../api/Principal.ts"
import { Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { Tickets, ticketSeconds } from "../live/Tickets.ts"

export const layerTicketsHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "tickets",
  Effect.fnUntraced(function* (handlers) {
    const tickets = yield* Tickets
    return handlers.handleAll({
      issue: Effect.fnUntraced(
        function* () {
          const ticket = yield* tickets.issue(yield* Principal)
          return { ticket, expires_in: ticketSeconds }
        },
        Effect.catchTag("TicketsError", (error) =>
          Effect.andThen(
            Effect.logWarning(error.message),
            Effect.fail(new Unavailable({ detail: "tickets cannot be kept at the moment" }))
          )
        )
      )
    })
  })
)
