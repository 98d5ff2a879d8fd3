import { Effect, Layer, Option } from "effect"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import { configuredTargets } from "../replay/target/ConfiguredTargets.ts"
import { eventKeyCleaner } from "../replayer/EventKeyCleaner.ts"
import { ReplayEvents } from "../replayer/ReplayEvents.ts"
import { countedEvents, countedTargets, ReplayerFigures } from "../replayer/ReplayerFigures.ts"
import { replayerMetrics } from "../replayer/ReplayerMetrics.ts"
import { ReplayerServer } from "../replayer/ReplayerServer.ts"
import { joinMetrics } from "../runtime/metrics/Metric.ts"
import { runProcess } from "./Process.ts"
import { beside } from "./parts/Beside.ts"
import { migratedControlDatabase } from "./parts/ControlDb.ts"
import { commonMetrics } from "./parts/Metrics.ts"
import { probes } from "./parts/Probes.ts"
import { serverTls } from "./parts/ReplayerLink.ts"
import { runRole } from "./parts/Role.ts"
import { targetOptions } from "./parts/Targeting.ts"
import type { SettingsValue } from "./Settings.ts"
import { targetsTraced } from "./trace/Traced.ts"
import { version } from "./Version.ts"

const needs = Effect.as(ReplayerServer, { grpc: null })

/** What it tells at `/metrics`. */
export const metrics = joinMetrics(commonMetrics, replayerMetrics)

/** Applies what workers send. It knows targets, and nothing else that it could not do without. */
const shape = Effect.fnUntraced(function* (settings: SettingsValue) {
  const secured = yield* serverTls(settings)
  const options = targetOptions({
    source: Option.getOrNull(settings.sourceUrl),
    targets: settings.targets
  })
  const told = Option.match(settings.databaseUrl, {
    onNone: () => Layer.empty,
    onSome: (url) =>
      beside(
        "control-database",
        Layer.provide(layerProcessReporter, migratedControlDatabase(url, "replayer"))
      )
  })
  const server = ReplayerServer.layer({
    host: Option.getOrElse(settings.replayerHost, () => "127.0.0.1"),
    port: settings.replayerPort,
    ...secured,
    token: Option.getOrNull(settings.replayerToken),
    version
  })
  return Layer.mergeAll(told, eventKeyCleaner({}), probes(settings, "replayer", needs, metrics)).pipe(
    Layer.provide(server),
    Layer.provide(
      Layer.mergeAll(
        Layer.provide(countedTargets, targetsTraced(configuredTargets(options), "replayer")),
        Layer.provide(countedEvents, ReplayEvents.layer(options))
      )
    ),
    Layer.provide(ReplayerFigures.layer)
  )
})

if (import.meta.main) runProcess(runRole("replayer", (settings) => Layer.unwrap(shape(settings))))
