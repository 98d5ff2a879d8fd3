import { Clock, Effect, Layer, type Redacted, Schema } from "effect"
import { RedisClient } from "../../log/redis/RedisClient.ts"
import type { Script } from "../../log/redis/Scripts.ts"
import { Limiter, LimiterError, type LimiterPort } from "./Limiter.ts"
import { orOwnMemory } from "./LimiterFallback.ts"
import { admitScript, failScript, takeScript } from "./LimiterScripts.ts"
import { forgiveMillis, leftOf, strikeDelay } from "./Quota.ts"

export interface RedisLimiterOptions {
  readonly url: Redacted.Redacted
  /** What every key begins with. */
  readonly key: string
}

/** No request waits longer for it: limits are then this process's own. */
const deadlineMillis = 250

/** The delay after each number of failures, until it grows no more. */
const delays = Array.from({ length: 10 }, (_, i) => strikeDelay(i + 1))

const decodeMany = Schema.decodeUnknownEffect(Schema.Array(Schema.Int))
const decodeOne = Schema.decodeUnknownEffect(Schema.Int)

/** In Redis, for all processes together. Ends with the scope. */
export const makeRedisLimiter = Effect.fnUntraced(function* ({ url, key }: RedisLimiterOptions) {
  const client = new RedisClient({ url, key, store: "redis", deadline: deadlineMillis })
  yield* Effect.addFinalizer(() => client.close)

  const failed = (error: { readonly message: string }) => new LimiterError({ detail: error.message })
  const run = (script: Script, args: ReadonlyArray<string | number>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => client.run(script, [now, ...args]))

  const port: LimiterPort<LimiterError> = {
    take: (asks) =>
      run(
        takeScript,
        asks.flatMap(({ key: whose, quota }) => [
          `${quota.name}:${whose}`,
          quota.tokens,
          quota.seconds * 1000
        ])
      ).pipe(
        Effect.flatMap(decodeMany),
        Effect.mapError(failed),
        Effect.map(([short, ...thousandths]) =>
          asks.map(({ quota }, i) => {
            const tokens = (thousandths[i] ?? 0) / 1000
            return leftOf(quota, tokens, short === 1 && tokens < 1)
          })
        )
      ),
    admitLogin: ({ account, address }) =>
      run(admitScript, [address, account, forgiveMillis, ...delays]).pipe(
        Effect.flatMap(decodeOne),
        Effect.mapError(failed)
      ),
    noteFailure: ({ account, address }) =>
      Effect.asVoid(Effect.mapError(run(failScript, [forgiveMillis, account, address]), failed))
  }
  return port
})

/** Redis; while it does not answer, the memory of this process. */
export const layerRedisLimiter = (options: RedisLimiterOptions): Layer.Layer<Limiter> =>
  Layer.effect(Limiter, Effect.map(makeRedisLimiter(options), orOwnMemory))
