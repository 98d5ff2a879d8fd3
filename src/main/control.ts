import { Effect, Layer, Option } from "effect"
import { Users } from "../control/auth/Users.ts"
import { layerControlServer } from "../control/ControlServer.ts"
import { layerJobStorePg } from "../control/JobStorePg.ts"
import { Processes } from "../control/Processes.ts"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import { layerToldSource } from "../control/SourceView.ts"
import { runProcess } from "./Process.ts"
import { attachOptions, viewOptions } from "./parts/Capturing.ts"
import { migratedControlDatabase } from "./parts/ControlDb.ts"
import { probes, storesNeeds } from "./parts/Probes.ts"
import { runRole } from "./parts/Role.ts"
import { stores } from "./parts/Stores.ts"
import { targets } from "./parts/Targeting.ts"
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

/** API and page, for people and programs. */
const shape = (settings: SettingsValue, given: Given<"control">) => {
  const { databaseUrl: control, secretKey: secret, sourceUrl: source } = given
  const server = layerControlServer({
    host: settings.httpHost,
    port: settings.httpPort,
    tokens: { secret, seconds: 3600 },
    databases: {
      source: attachOptions(settings, source),
      targets: settings.targets,
      control
    }
  })
  return Layer.mergeAll(layerProcessReporter, server, probes(settings, "control", storesNeeds)).pipe(
    Layer.provide(
      Layer.mergeAll(
        firstAdmin(settings),
        layerToldSource(viewOptions(settings, false)),
        layerJobStorePg,
        stores(settings, "reader", false),
        targets(settings, { source, targets: settings.targets })
      )
    ),
    Layer.provide(Layer.mergeAll(Users.layer, Processes.layer)),
    Layer.provideMerge(migratedControlDatabase(control, "control"))
  )
}

if (import.meta.main) runProcess(runRole("control", shape))
