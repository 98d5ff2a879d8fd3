import { Effect, Layer, Option } from "effect"
import { Users } from "../control/auth/Users.ts"
import { layerControlServer } from "../control/ControlServer.ts"
import { requestMetrics } from "../control/http/RequestMetrics.ts"
import { jobMetrics } from "../control/JobMetrics.ts"
import { layerJobStorePg } from "../control/JobStorePg.ts"
import { Processes } from "../control/Processes.ts"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import { layerToldSource } from "../control/SourceView.ts"
import { storeMetrics } from "../log/StoreMetrics.ts"
import { joinMetrics } from "../runtime/metrics/Metric.ts"
import { runProcess } from "./Process.ts"
import { attachOptions, viewOptions } from "./parts/Capturing.ts"
import { migratedControlDatabase } from "./parts/ControlDb.ts"
import { limiter, manners } from "./parts/Limiting.ts"
import { logins } from "./parts/LoggingIn.ts"
import { commonMetrics } from "./parts/Metrics.ts"
import { probes, servingNeeds } from "./parts/Probes.ts"
import { runRole } from "./parts/Role.ts"
import { stores } from "./parts/Stores.ts"
import { targets } from "./parts/Targeting.ts"
import { ticketing } from "./parts/Ticketing.ts"
import type { Given } from "./RoleSettings.ts"
import type { SettingsValue } from "./Settings.ts"

/** The first admin, where the settings name one. */
const firstAdmin = ({ adminUsername, adminPassword }: SettingsValue) =>
  Layer.effectDiscard(
    Option.match(adminPassword, {
      onNone: () => Effect.void,
      onSome: (password) => Effect.flatMap(Users, (users) => users.bootstrap(adminUsername, password))
    })
  )

/** What it tells at `/metrics`. */
export const metrics = joinMetrics(commonMetrics, jobMetrics, requestMetrics, storeMetrics)

/** API and page, for people and programs. */
const shape = (settings: SettingsValue, given: Given<"control">) => {
  const { databaseUrl: control, secretKey: secret, sourceUrl: source } = given
  const server = layerControlServer({
    host: settings.httpHost,
    port: settings.httpPort,
    ...logins(settings, secret),
    ...manners(settings),
    databases: {
      source: attachOptions(settings, source),
      targets: settings.targets,
      control
    }
  })
  return Layer.mergeAll(
    layerProcessReporter,
    server,
    probes(settings, "control", servingNeeds, metrics)
  ).pipe(
    Layer.provide(
      Layer.mergeAll(
        firstAdmin(settings),
        layerToldSource(viewOptions(settings, false)),
        layerJobStorePg,
        limiter(settings),
        ticketing(settings),
        stores(settings, "reader", false),
        targets(settings, { source, targets: settings.targets })
      )
    ),
    Layer.provide(Layer.mergeAll(Users.layer, Processes.layer)),
    Layer.provideMerge(migratedControlDatabase(control, "control"))
  )
}

if (import.meta.main) runProcess(runRole("control", shape))
