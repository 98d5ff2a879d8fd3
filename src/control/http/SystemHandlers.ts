import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Principal } from "../api/Principal.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { SystemOperations } from "../SystemOperations.ts"

export const layerSystemHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const system = yield* SystemOperations
    return handlers.handleAll({
      source: () => system.source,
      acceptGap: ({ payload }) =>
        Effect.flatMap(Principal, ({ username }) => system.acceptGap(payload, username)),
      coverage: () => system.coverage,
      metrics: () => system.metrics,
      metricsHistory: () => system.metricsHistory,
      actors: () => system.actors,
      doctor: () => system.doctor,
      targets: () => system.targets
    })
  })
)
