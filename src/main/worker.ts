import { Layer, Option } from "effect"
import { layerJobStorePg } from "../control/JobStorePg.ts"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import { storeMetrics } from "../log/StoreMetrics.ts"
import { replayMetrics } from "../replay/ReplayMetrics.ts"
import { joinMetrics } from "../runtime/metrics/Metric.ts"
import { runProcess } from "./Process.ts"
import { migratedControlDatabase } from "./parts/ControlDb.ts"
import { commonMetrics } from "./parts/Metrics.ts"
import { probes, storesNeeds } from "./parts/Probes.ts"
import { replaying } from "./parts/Replaying.ts"
import { runRole } from "./parts/Role.ts"
import { stores } from "./parts/Stores.ts"
import { targets } from "./parts/Targeting.ts"
import type { Given } from "./RoleSettings.ts"
import type { SettingsValue } from "./Settings.ts"

/** What it tells at `/metrics`. */
export const metrics = joinMetrics(commonMetrics, replayMetrics, storeMetrics)

/** Runs jobs. */
const shape = (settings: SettingsValue, given: Given<"worker">) => {
  const source = Option.getOrNull(settings.sourceUrl)
  return Layer.mergeAll(layerProcessReporter, probes(settings, "worker", storesNeeds, metrics)).pipe(
    Layer.provide(replaying(settings)),
    Layer.provide(
      Layer.mergeAll(
        layerJobStorePg,
        stores(settings, "reader", false),
        targets(settings, { source, targets: settings.targets })
      )
    ),
    Layer.provide(migratedControlDatabase(given.databaseUrl, "worker"))
  )
}

if (import.meta.main) runProcess(runRole("worker", shape))
