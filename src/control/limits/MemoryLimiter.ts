import { Clock, Effect, Layer } from "effect"
import { Limiter, type LimiterPort } from "./Limiter.ts"
import {
  type Bucket,
  forgiveMillis,
  leftOf,
  loginWait,
  type Strikes,
  strikeDelay,
  tokensAt
} from "./Quota.ts"

/** Keys that are remembered at most: whoever comes with ever new addresses must not fill the memory. */
const most = 50_000

/** Drops what is over, and of the rest the oldest, when there is too much. */
const makeRoom = <A>(held: Map<string, A>, isOver: (value: A) => boolean): void => {
  if (held.size < most) return
  for (const [key, value] of held) if (isOver(value)) held.delete(key)
  for (const key of held.keys()) {
    if (held.size < most) return
    held.delete(key)
  }
}

/** In the memory of this process. */
export const makeMemoryLimiter = (): LimiterPort<never> => {
  const buckets = new Map<string, Bucket & { readonly full: number }>()
  const strikes = new Map<string, Strikes>()

  const struck = (key: string, now: number): Strikes | undefined => {
    const found = strikes.get(key)
    return found === undefined || now - found.at >= forgiveMillis ? undefined : found
  }

  return {
    take: (asks) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const found = asks.map(({ key, quota }) => tokensAt(buckets.get(`${quota.name} ${key}`), quota, now))
        const isShort = found.some((tokens) => tokens < 1)
        return asks.map(({ key, quota }, i) => {
          const tokens = found[i] ?? 0
          if (isShort) return leftOf(quota, tokens, tokens < 1)
          makeRoom(buckets, ({ full }) => full <= now)
          const left = tokens - 1
          const full = now + ((quota.tokens - left) * quota.seconds * 1000) / quota.tokens
          buckets.set(`${quota.name} ${key}`, { tokens: left, at: now, full })
          return leftOf(quota, left, false)
        })
      }),

    admitLogin: ({ account, address }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const [ofAddress, ofAccount] = [struck(address, now), struck(account, now)]
        const wait = loginWait(ofAddress, ofAccount, now)
        if (wait === 0 && ofAddress !== undefined && strikeDelay(ofAddress.count) > 0) {
          strikes.set(address, { ...ofAddress, at: now })
        }
        return wait
      }),

    noteFailure: ({ account, address }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        makeRoom(strikes, ({ at }) => now - at >= forgiveMillis)
        for (const key of [account, address]) {
          strikes.set(key, { count: (struck(key, now)?.count ?? 0) + 1, at: now })
        }
      })
  }
}

export const layerMemoryLimiter: Layer.Layer<Limiter> = Layer.sync(Limiter, makeMemoryLimiter)
