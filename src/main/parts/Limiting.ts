import { Effect, Layer, Option } from "effect"
import { IpNetwork } from "effect/net"
import type { Limiter } from "../../control/limits/Limiter.ts"
import { layerMemoryLimiter } from "../../control/limits/MemoryLimiter.ts"
import type { SettingsValue } from "../Settings.ts"

/** Redis where it is named, for all processes together; else the memory of this one. */
export const limiter = (settings: SettingsValue): Layer.Layer<Limiter> =>
  Option.match(settings.redisUrl, {
    onNone: () => layerMemoryLimiter,
    onSome: (url) =>
      Layer.unwrap(
        Effect.map(
          // The client is loaded where it is used: in the embedded shape it would only take memory.
          Effect.promise(() => import("../../control/limits/RedisLimiter.ts")),
          ({ layerRedisLimiter }) => layerRedisLimiter({ url, key: `walstream:limits:${settings.sourceId}` })
        )
      )
  })

/** How the control server treats who asks it. */
export const manners = (settings: SettingsValue) => ({
  rateLimits: {
    read: settings.rateLimitRead,
    write: settings.rateLimitWrite,
    address: settings.rateLimitAddress,
    login: settings.rateLimitLogin
  },
  corsOrigins: settings.corsOrigins,
  // The setting's own check has let nothing else through.
  trustedProxies: settings.trustedProxies.map((network) => IpNetwork.fromStringUnsafe(network)),
  bufferMaxAgeSeconds: settings.replayBufferMaxAgeSeconds,
  drainSeconds: settings.drainSeconds
})
