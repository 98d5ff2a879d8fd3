import { Effect, Layer, Option } from "effect"
import { layerMemoryTickets } from "../../control/live/MemoryTickets.ts"
import type { Tickets } from "../../control/live/Tickets.ts"
import type { SettingsValue } from "../Settings.ts"

/** Redis where it is named: a ticket of one control process opens a stream at another. Else the memory of this one. */
export const ticketing = (settings: SettingsValue): Layer.Layer<Tickets> =>
  Option.match(settings.redisUrl, {
    onNone: () => layerMemoryTickets,
    onSome: (url) =>
      Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("../../control/live/RedisTickets.ts")),
          ({ layerRedisTickets }) => layerRedisTickets({ url, key: `walstream:tickets:${settings.sourceId}` })
        )
      )
  })
