import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Authorized } from "./Principal.ts"
import { Unavailable } from "./Problems.ts"

/** For browsers, which can send no header with a WebSocket or an `EventSource`. */
export class TicketsApi extends HttpApiGroup.make("tickets")
  .add(
    HttpApiEndpoint.post("issue", "/", {
      success: Schema.Struct({
        ticket: Schema.String,
        /** Seconds. */
        expires_in: Schema.Int
      }).annotate({ identifier: "Ticket" }),
      error: Unavailable
    }).annotate(OpenApi.Description, "Opens one stream, once, within `expires_in` seconds: `?ticket=`.")
  )
  .middleware(Authorized)
  .prefix("/ws-tickets")
  .annotateMerge(OpenApi.annotations({ title: "Tickets" })) {}
