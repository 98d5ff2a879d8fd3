import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { awaitControlDatabase } from "../control/AwaitControlDatabase.ts"
import { Users } from "../control/auth/Users.ts"
import { controlDatabase } from "../control/ControlDatabase.ts"
import { layerControlServer } from "../control/ControlServer.ts"
import { layerCoverageKeeper } from "../control/CoverageKeeper.ts"
import { layerGapKeeper } from "../control/GapKeeper.ts"
import { requestMetrics } from "../control/http/RequestMetrics.ts"
import { jobMetrics } from "../control/JobMetrics.ts"
import { layerJobStorePg } from "../control/JobStorePg.ts"
import { migrate } from "../control/Migrations.ts"
import { layerProcessReporter } from "../control/ProcessReporter.ts"
import type { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import { refillLiveBuffer } from "../log/LiveBufferRefill.ts"
import { storeMetrics } from "../log/StoreMetrics.ts"
import { replayMetrics } from "../replay/ReplayMetrics.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import { joinMetrics } from "../runtime/metrics/Metric.ts"
import { type DevAccess, devAccess } from "./DevAccess.ts"
import { type DevDatabases, devDatabases } from "./DevDatabases.ts"
import { runWorkload } from "./demo/DemoWorkload.ts"
import { writeLocalAccess } from "./LocalAccess.ts"
import { runProcess } from "./Process.ts"
import { attachOptions, capturing } from "./parts/Capturing.ts"
import { limiter, manners } from "./parts/Limiting.ts"
import { logins } from "./parts/LoggingIn.ts"
import { captureMetrics, commonMetrics } from "./parts/Metrics.ts"
import { replaying } from "./parts/Replaying.ts"
import { runRole } from "./parts/Role.ts"
import { stores } from "./parts/Stores.ts"
import { targets } from "./parts/Targeting.ts"
import { ticketing } from "./parts/Ticketing.ts"
import { retentionOf, retentionText } from "./Retention.ts"
import type { SettingsValue } from "./Settings.ts"
import { welcome } from "./Welcome.ts"

/** The live buffer begins with the archive's newest transactions; a store that is away gets them when it is back. */
const withPast = <E, R>(held: Layer.Layer<Archive | LiveBuffer, E, R>) =>
  Layer.effectDiscard(
    Effect.catchIf(
      refillLiveBuffer,
      (error) => error.isRetryable,
      () => Effect.void
    )
  ).pipe(Layer.provideMerge(held))

const control = (settings: SettingsValue, databases: DevDatabases, access: DevAccess) =>
  layerControlServer({
    host: settings.httpHost,
    port: settings.httpPort,
    ...logins(settings, access.secret),
    ...manners(settings),
    databases: {
      source: attachOptions(settings, databases.source),
      targets: databases.targets,
      control: databases.control
    }
  })

/** The control database at this build's revision, with the first admin in it. */
const database = (databases: DevDatabases, access: DevAccess) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      yield* migrate
      const users = yield* Users
      const made = yield* users.bootstrap(access.username, access.password)
      if (!made && access.isNew) {
        yield* Effect.logWarning(
          "the control database has users already: log in as one of them, the password shown is nobody's"
        )
      }
    })
  ).pipe(
    Layer.provideMerge(Users.layer),
    Layer.provideMerge(controlDatabase({ url: databases.control, applicationName: "walstream" }))
  )

/** The demo's shoppers, and the first word to the person who started us. */
const open = (settings: SettingsValue, databases: DevDatabases, access: DevAccess) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const port = "port" in address ? address.port : settings.httpPort
    const url = `http://${settings.httpHost}:${port}`
    yield* writeLocalAccess(settings.dataDir, {
      url,
      username: access.username,
      // A password that a person chose is not written down: the CLI asks for it.
      password: access.madeUp ? Redacted.value(access.password) : ""
    })
    if (databases.demo) {
      yield* spawnKept({
        group: "demo",
        name: "shoppers",
        run: runWorkload({ url: databases.source, rate: settings.demoRate })
      })
    }
    const kept = retentionText(retentionOf(settings, databases.demo))
    process.stdout.write(welcome({ url, access, databases, dataDir: settings.dataDir, kept }))
  })

/** What it tells at `/metrics`. */
export const metrics = joinMetrics(
  commonMetrics,
  captureMetrics,
  replayMetrics,
  jobMetrics,
  requestMetrics,
  storeMetrics
)

/** There is one process to look at, and the API says whether it is ready: only where a port is asked for. */
const told = (settings: SettingsValue) =>
  Option.isNone(settings.metricsPort)
    ? Layer.empty
    : Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./parts/Probes.ts")),
          ({ probes, storesNeeds }) => probes(settings, "dev", storesNeeds, metrics)
        )
      )

/** Everything in one process: embedded databases and stores where none are named. */
const shape = Effect.fnUntraced(function* (settings: SettingsValue) {
  const access = yield* devAccess(settings)
  const databases = yield* devDatabases(settings)
  const { source, demo } = databases
  yield* awaitControlDatabase(databases.control)
  return Layer.effectDiscard(open(settings, databases, access)).pipe(
    Layer.provide(
      Layer.mergeAll(
        layerProcessReporter,
        told(settings),
        layerCoverageKeeper(settings.sourceId),
        layerGapKeeper(settings.sourceId)
      )
    ),
    Layer.provideMerge(control(settings, databases, access)),
    Layer.provide(Layer.mergeAll(capturing(settings, source, demo), replaying(settings))),
    Layer.provide(
      Layer.mergeAll(
        withPast(stores(settings, "writer", demo)),
        targets(settings, { source, targets: databases.targets }),
        layerJobStorePg,
        limiter(settings),
        ticketing(settings)
      )
    ),
    Layer.provide(database(databases, access))
  )
})

if (import.meta.main) runProcess(runRole("dev", (settings) => Layer.unwrap(shape(settings))))
