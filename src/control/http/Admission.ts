import { Clock, Context, Effect, Layer } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Limiter } from "../limits/Limiter.ts"
import type { Ask, Left } from "../limits/Quota.ts"
import { addressKey, asksOfAddress, asksOfPrincipal, type RateLimits } from "../limits/RateLimits.ts"
import { type Caller, caller } from "./Caller.ts"
import { problemOf, problemResponse } from "./ProblemBody.ts"

export const pathOf = ({ url }: HttpServerRequest.HttpServerRequest): string => url.split("?", 1)[0] ?? "/"

/** 429, naming the quota that is used up. */
const refusal = (short: Left): HttpServerResponse.HttpServerResponse =>
  problemResponse({
    ...problemOf(429),
    detail: `the quota "${short.quota.name}" is used up`,
    quota: short.quota.name,
    retry_after: short.retry
  })

type Answer = HttpServerResponse.HttpServerResponse

/** Addresses that are remembered to have used up theirs, at most. */
const most = 10_000

/**
 * Counts requests against the quotas of who sends them: once each. What comes with a credential is counted when it is
 * known whose that is, all else before anything is done. An address that has used up its own is not even asked who it is.
 */
export class Admission extends Context.Service<
  Admission,
  {
    /** Of whoever has not shown who it is. */
    readonly ofAddress: <E, R>(route: Effect.Effect<Answer, E, R>) => Effect.Effect<Answer, E, R>
    /** Of whoever shows something, before it is looked at: refuses where nothing was left, and counts nothing. */
    readonly unlessEmpty: <E, R>(route: Effect.Effect<Answer, E, R>) => Effect.Effect<Answer, E, R>
    readonly ofPrincipal: <E, R>(
      id: string,
      route: Effect.Effect<Answer, E, R>
    ) => Effect.Effect<Answer, E, R>
  }
>()("walstream/control/http/Admission") {
  static readonly layer = (limits: RateLimits): Layer.Layer<Admission, never, Limiter> =>
    Layer.effect(
      Admission,
      Effect.map(Limiter, (limiter) => {
        const empty = new Map<string, { readonly left: Left; readonly until: number }>()

        const noteEmpty = (address: string, left: Left) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            if (empty.size >= most) empty.clear()
            empty.set(addressKey(address), { left, until: now + left.retry * 1000 })
          })

        const admit = <E, R>(
          asksOf: (who: Caller) => ReadonlyArray<Ask>,
          route: Effect.Effect<Answer, E, R>
        ): Effect.Effect<Answer, E, R> =>
          Effect.flatMap(caller, (who) => {
            const asks = asksOf(who)
            if (asks.length === 0) return route
            return Effect.flatMap(limiter.take(asks), (left): Effect.Effect<Answer, E, R> => {
              who.quotas = left
              const short = left.find(({ retry }) => retry > 0)
              if (short === undefined) return route
              const refused = Effect.succeed(refusal(short))
              return short.quota.name === "address"
                ? Effect.andThen(noteEmpty(who.address, short), refused)
                : refused
            })
          })
        const unlessEmpty = <E, R>(route: Effect.Effect<Answer, E, R>): Effect.Effect<Answer, E, R> =>
          Effect.flatMap(caller, (who): Effect.Effect<Answer, E, R> => {
            const known = empty.get(addressKey(who.address))
            if (known === undefined) return route
            return Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Answer, E, R> => {
              const retry = Math.ceil((known.until - now) / 1000)
              if (retry <= 0) {
                empty.delete(addressKey(who.address))
                return route
              }
              const left = { ...known.left, retry }
              who.quotas = [left]
              return Effect.succeed(refusal(left))
            })
          })

        return Admission.of({
          unlessEmpty,
          ofAddress: (route) =>
            admit(({ routeClass, address }) => asksOfAddress(limits, routeClass, address), route),
          ofPrincipal: (id, route) =>
            admit(({ routeClass, address }) => asksOfPrincipal(limits, routeClass, address, id), route)
        })
      })
    )
}

/** The quotas, and what is left of them (draft-ietf-httpapi-ratelimit-headers). */
export const quotaHeaders = (quotas: ReadonlyArray<Left>): Readonly<Record<string, string>> =>
  quotas.length === 0
    ? {}
    : {
        "ratelimit-policy": quotas
          .map(({ quota }) => `"${quota.name}";q=${quota.tokens};w=${quota.seconds}`)
          .join(", "),
        ratelimit: quotas
          .map(({ quota, remaining, reset }) => `"${quota.name}";r=${remaining};t=${reset}`)
          .join(", ")
      }
