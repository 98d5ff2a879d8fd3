import { Effect, Layer, Option, SubscriptionRef } from "effect"
import { layerCoverageKeeper } from "../control/CoverageKeeper.ts"
import { layerGapKeeper } from "../control/GapKeeper.ts"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import { IngestState } from "../ingest/IngestState.ts"
import { storeMetrics } from "../log/StoreMetrics.ts"
import { joinMetrics } from "../runtime/metrics/Metric.ts"
import { runProcess } from "./Process.ts"
import { beside } from "./parts/Beside.ts"
import { capturing } from "./parts/Capturing.ts"
import { migratedControlDatabase } from "./parts/ControlDb.ts"
import { captureMetrics, commonMetrics } from "./parts/Metrics.ts"
import { probes } from "./parts/Probes.ts"
import { runRole } from "./parts/Role.ts"
import { stores } from "./parts/Stores.ts"
import type { Given } from "./RoleSettings.ts"
import type { SettingsValue } from "./Settings.ts"

const needs = Effect.gen(function* () {
  const state = yield* IngestState
  const phase = yield* SubscriptionRef.get(state.phase)
  const isCapturing = phase._tag === "Capturing"
  return { capture: isCapturing ? null : `capture is ${phase._tag.toLowerCase()}` }
})

/** What it tells at `/metrics`. */
export const metrics = joinMetrics(commonMetrics, captureMetrics, storeMetrics)

/** Captures the source. The control database is told of it, and may be away. */
const shape = (settings: SettingsValue, given: Given<"ingestor">) => {
  const told = Option.match(settings.databaseUrl, {
    onNone: () => Layer.empty,
    onSome: (url) =>
      beside(
        "control-database",
        Layer.mergeAll(
          layerProcessReporter,
          layerCoverageKeeper(settings.sourceId),
          layerGapKeeper(settings.sourceId)
        ).pipe(Layer.provide(migratedControlDatabase(url, "ingestor")))
      )
  })
  return Layer.mergeAll(told, probes(settings, "ingestor", needs, metrics)).pipe(
    Layer.provide(capturing(settings, given.sourceUrl, false)),
    Layer.provide(stores(settings, "writer", false))
  )
}

if (import.meta.main) runProcess(runRole("ingestor", shape))
