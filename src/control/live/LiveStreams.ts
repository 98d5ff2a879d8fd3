import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Context, Effect, Fiber, Layer, type Scope, type Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Principal } from "../api/Principal.ts"
import { OriginRefused, type TooManySockets } from "../api/Problems.ts"
import type { LoginEnd } from "../auth/Identity.ts"
import { Draining } from "../Draining.ts"
import type { EventFilter } from "../EventFilter.ts"
import { isOwnOrigin } from "../http/Origins.ts"
import { eventSource } from "./EventSource.ts"
import { LiveChannels, type NotSubscribed } from "./LiveChannels.ts"
import { LiveClients } from "./LiveClients.ts"
import { serveSocket } from "./LiveSocket.ts"
import { readsPacked } from "./LiveWebSocket.ts"
import { LoginWatch } from "./LoginWatch.ts"
import { letGo } from "./SlowClient.ts"

/** Why the server ends a stream. */
export type StreamEnd = LoginEnd | "restart"

export interface LiveOptions {
  /** Origins beside our own whose pages may open streams. */
  readonly origins: ReadonlyArray<string>
  /** Milliseconds between two heartbeats; 15,000 if not given. */
  readonly heartbeatMillis?: number
  /** Milliseconds that a client may take nothing before it is let go of; 60,000 if not given. */
  readonly slowMillis?: number
}

type Request = HttpServerRequest.HttpServerRequest
type Refused = OriginRefused | TooManySockets

/** Whether a browser's page may: one of ours, or of the list. Programs that are no browsers name no origin. */
const isAllowed = ({ headers }: Request, origins: ReadonlyArray<string>): boolean => {
  const { origin, host } = headers
  return origin === undefined || origins.includes(origin) || isOwnOrigin(origin, host)
}

/** Streams to clients that stay: who may open one, and when it ends. */
export class LiveStreams extends Context.Service<
  LiveStreams,
  {
    /**
     * One of those that its user may have open, over a plain response; gives what completes with why it has to go. The
     * connection is let go of when its client takes nothing for long, or not soon after that end.
     */
    readonly enter: (
      request: Request,
      by: Principal["Service"]
    ) => Effect.Effect<{ readonly ended: Effect.Effect<StreamEnd> }, TooManySockets, Scope.Scope>
    /** Serves a WebSocket until it ends. */
    readonly socket: (request: Request, by: Principal["Service"]) => Effect.Effect<void, Refused, Scope.Scope>
    /** The body of a `text/event-stream`. */
    readonly source: (
      request: Request,
      by: Principal["Service"],
      asked: { readonly filter: EventFilter; readonly after: string | null }
    ) => Effect.Effect<Stream.Stream<Uint8Array>, Refused | NotSubscribed, Scope.Scope>
  }
>()("walstream/control/live/LiveStreams") {
  static readonly layer = ({
    origins,
    heartbeatMillis = 15_000,
    slowMillis = 60_000
  }: LiveOptions): Layer.Layer<LiveStreams, never, LiveChannels | LoginWatch | Draining> =>
    Layer.effect(
      LiveStreams,
      Effect.gen(function* () {
        const channels = yield* LiveChannels
        const clients = yield* LiveClients
        const logins = yield* LoginWatch
        const draining = yield* Draining

        const service = yield* Effect.scope

        const count = Effect.fnUntraced(function* (by: Principal["Service"]) {
          yield* clients.enter(by.id)
          const restart = Effect.as(draining.ended.await, "restart" as const)
          // Once, however often it is asked.
          const end = yield* Effect.forkScoped(Effect.raceFirst(logins.ended(by, "viewer"), restart))
          return { ended: Fiber.join(end) }
        })

        const enter = Effect.fnUntraced(function* (request: Request, by: Principal["Service"]) {
          const entered = yield* count(by)
          const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
          const response = NodeHttpServerRequest.toServerResponse(request)
          // Beyond the request's scope, which ends before all that was written has been taken.
          yield* Effect.forkIn(letGo(socket, response, { ...entered, slowMillis }), service)
          return entered
        })

        const isFrom = (request: Request) =>
          isAllowed(request, origins)
            ? Effect.void
            : Effect.fail(new OriginRefused({ detail: "pages of this origin may not open streams here" }))

        return LiveStreams.of({
          enter,
          socket: Effect.fnUntraced(function* (request, by) {
            yield* isFrom(request)
            const { ended } = yield* count(by)
            const raw = NodeHttpServerRequest.toIncomingMessage(request).socket
            // What asks for one and is no WebSocket's handshake is answered by whoever does handshakes.
            const socket = yield* Effect.orDie(request.upgrade)
            const options = {
              channels,
              ended,
              heartbeatMillis,
              slowMillis,
              readsPacked: readsPacked(request)
            }
            yield* serveSocket(socket, raw, options).pipe(
              // It never became one: the client went during the handshake.
              Effect.catchTag("SocketError", () => Effect.void)
            )
          }),
          source: Effect.fnUntraced(function* (request, by, { filter, after }) {
            yield* isFrom(request)
            const { ended } = yield* enter(request, by)
            return yield* eventSource(channels, { filter, after, ended, heartbeatMillis })
          })
        })
      })
    ).pipe(Layer.provide(LiveClients.layer))
}
