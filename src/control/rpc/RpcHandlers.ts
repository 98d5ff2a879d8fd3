import { Effect, Stream } from "effect"
import { HttpServerRequest } from "effect/http"
import { Wakeup } from "../../log/Wakeup.ts"
import { AuditOperations } from "../AuditOperations.ts"
import { Principal } from "../api/Principal.ts"
import { TokenExpired, Unauthorized, Unavailable } from "../api/Problems.ts"
import type { EventFilter } from "../EventFilter.ts"
import { JobOperations } from "../JobOperations.ts"
import type { EventSubscription } from "../live/EventSubscription.ts"
import { LiveChannels } from "../live/LiveChannels.ts"
import { LiveStreams, type StreamEnd } from "../live/LiveStreams.ts"
import { subscriptionRefused } from "../live/SubscriptionRefused.ts"
import { RecentEvents } from "../RecentEvents.ts"
import { storeUnavailable } from "../StoreUnavailable.ts"
import { SystemOperations } from "../SystemOperations.ts"
import { UserOperations } from "../UserOperations.ts"
import { WalstreamRpc, type Watched } from "./WalstreamRpc.ts"

const endings: { readonly [E in StreamEnd]: () => TokenExpired | Unauthorized | Unavailable } = {
  expired: () => new TokenExpired({ detail: "log in again" }),
  forbidden: () => new Unauthorized({ detail: "the user was disabled or removed" }),
  restart: () => new Unavailable({ detail: "the server stops" })
}

/** All that waits; nothing when nothing does. */
const watchedOf = (subscription: EventSubscription): ReadonlyArray<Watched> => {
  const taken = subscription.take()
  if (taken === undefined) return []
  if (taken._tag === "Notice") return [{ type: "notice", notice: taken.notice }]
  const events = taken.batches.flatMap(({ events: each }) =>
    each.map(({ event }) => ({ type: "event" as const, event }))
  )
  return taken.dropped === 0 ? events : [{ type: "dropped", dropped: taken.dropped }, ...events]
}

/** The second door to the operations. */
export const layerRpcHandlers = WalstreamRpc.toLayer(
  Effect.gen(function* () {
    const jobs = yield* JobOperations
    const system = yield* SystemOperations
    const audit = yield* AuditOperations
    const users = yield* UserOperations
    const channels = yield* LiveChannels
    const streams = yield* LiveStreams
    const events = yield* RecentEvents

    const act =
      (name: "start" | "pause" | "resume" | "cancel") =>
      ({ params }: { readonly params: { readonly id: string } }) =>
        Effect.map(jobs.act(params.id, name), ({ job }) => job)

    const watch = Effect.fnUntraced(function* (filter: EventFilter, after: string | null) {
      const principal = yield* Principal
      // Types do not tell that a call comes over HTTP.
      const request = yield* Effect.flatMap(
        Effect.serviceOption(HttpServerRequest.HttpServerRequest),
        Effect.fromOption
      ).pipe(Effect.orDie)
      const { ended } = yield* streams.enter(request, principal)
      const bell = new Wakeup()
      let end: StreamEnd | null = null
      yield* ended.pipe(
        Effect.map((why) => {
          end = why
          bell.notify()
        }),
        Effect.forkScoped
      )
      const subscription = yield* Effect.mapError(
        channels.events(filter, after, () => bell.notify()),
        subscriptionRefused
      )
      const pull = Effect.gen(function* () {
        for (;;) {
          const { next } = bell
          if (end !== null) return yield* Effect.fail(endings[end]())
          const [first, ...rest] = watchedOf(subscription)
          if (first !== undefined) return [first, ...rest] as const
          yield* next
        }
      })
      return Stream.fromPull(Effect.succeed(pull))
    })

    return WalstreamRpc.of({
      "jobs.create": ({ payload }) => jobs.create(payload),
      "jobs.estimate": ({ payload }) => jobs.estimate(payload),
      "jobs.list": ({ query }) => jobs.list(query),
      "jobs.get": ({ params }) => jobs.get(params.id),
      "jobs.update": ({ params, payload }) => jobs.update(params.id, payload, null),
      "jobs.remove": ({ params }) => jobs.remove(params.id, null),
      "jobs.start": act("start"),
      "jobs.pause": act("pause"),
      "jobs.resume": act("resume"),
      "jobs.cancel": act("cancel"),
      "jobs.failures": ({ params, query }) => jobs.failures(params.id, query),
      "jobs.history": ({ params, query }) => jobs.history(params.id, query),
      "jobs.skip": ({ params, payload }) =>
        Effect.flatMap(Principal, ({ username }) => jobs.skip(params.id, payload, username)),
      "events.recent": ({ query: { limit = 50, ...filter } }) =>
        events.read(filter, limit).pipe(Effect.catchTag("LogError", storeUnavailable)),
      "events.stream": ({ filter, after = null }) => Stream.unwrap(watch(filter, after)),
      "system.source": () => system.source,
      "system.acceptGap": ({ payload }) =>
        Effect.flatMap(Principal, ({ username }) => system.acceptGap(payload, username)),
      "system.coverage": () => system.coverage,
      "system.metrics": () => system.metrics,
      "system.actors": () => system.actors,
      "system.doctor": () => system.doctor,
      "system.targets": () => system.targets,
      "users.list": ({ query }) => users.list(query),
      "users.create": ({ payload }) => users.create(payload),
      "users.resetPassword": ({ params }) => users.resetPassword(params.id),
      "users.removeSecondFactor": ({ params }) => users.removeSecondFactor(params.id),
      "audit.list": ({ query }) => audit.list(query),
      "audit.verify": ({ query }) => audit.verify(query),
      "audit.exportNdjson": ({ query }) => Stream.unwrap(audit.export(query))
    })
  })
)
