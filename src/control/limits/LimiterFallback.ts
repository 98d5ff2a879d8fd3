import { Clock, Effect } from "effect"
import type { LimiterError, LimiterPort } from "./Limiter.ts"
import { makeMemoryLimiter } from "./MemoryLimiter.ts"

/** How long a store that failed is not asked again: no request should wait for it but one a second. */
const restMillis = 1000

/**
 * While the shared store does not answer, what this process has seen by itself counts: limits are then per process, a
 * multiple of what they should be, and never off. What was counted meanwhile is forgotten when the store is back.
 */
export const orOwnMemory = (shared: LimiterPort<LimiterError>): LimiterPort<never> => {
  let own: LimiterPort<never> | undefined
  let askAgainAt = Number.NEGATIVE_INFINITY

  const either = <A>(work: (port: LimiterPort<LimiterError>) => Effect.Effect<A, LimiterError>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const alone = Effect.suspend(() => {
        own ??= makeMemoryLimiter()
        return Effect.orDie(work(own))
      })
      if (now < askAgainAt) return alone
      // Whoever comes while one asks does not wait with it.
      if (own !== undefined) askAgainAt = now + restMillis
      return Effect.matchEffect(work(shared), {
        onSuccess: (answer) => {
          const isBack = own !== undefined
          own = undefined
          askAgainAt = Number.NEGATIVE_INFINITY
          return isBack
            ? Effect.as(Effect.logInfo("rate limits: shared between the processes again"), answer)
            : Effect.succeed(answer)
        },
        onFailure: (error) => {
          const isNews = own === undefined
          askAgainAt = now + restMillis
          return isNews
            ? Effect.andThen(
                Effect.logWarning(`${error.message}: until it is back each process counts for itself`),
                alone
              )
            : alone
        }
      })
    })

  return {
    take: (asks) => either((port) => port.take(asks)),
    admitLogin: (keys) => either((port) => port.admitLogin(keys)),
    noteFailure: (keys) => either((port) => port.noteFailure(keys))
  }
}
