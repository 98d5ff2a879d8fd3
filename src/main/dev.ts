import { join } from "node:path"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { awaitControlDatabase } from "../control/AwaitControlDatabase.ts"
import { Users } from "../control/auth/Users.ts"
import { controlDatabase } from "../control/ControlDatabase.ts"
import { layerControlServer } from "../control/ControlServer.ts"
import { layerCoverageKeeper } from "../control/CoverageKeeper.ts"
import { layerJobStorePg } from "../control/JobStorePg.ts"
import { migrate } from "../control/Migrations.ts"
import { layerRunReporter } from "../control/RunReporter.ts"
import { layerLocalSource } from "../control/SourceView.ts"
import { Ingestor } from "../ingest/Ingestor.ts"
import { LiveBufferMemory } from "../log/LiveBufferMemory.ts"
import { refillLiveBuffer } from "../log/LiveBufferRefill.ts"
import { SqliteArchive } from "../log/SqliteArchive.ts"
import { ReplayWorker } from "../replay/ReplayWorker.ts"
import { configuredTargets } from "../replay/target/ConfiguredTargets.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { type DevAccess, devAccess } from "./DevAccess.ts"
import { attachOptions, type DevDatabases, devDatabases } from "./DevDatabases.ts"
import { runWorkload } from "./demo/DemoWorkload.ts"
import { writeLocalAccess } from "./LocalAccess.ts"
import { logging, runProcess } from "./Process.ts"
import { archiveRetention, retentionOf, retentionText } from "./Retention.ts"
import { Settings, type SettingsValue } from "./Settings.ts"
import { welcome } from "./Welcome.ts"

/** On the wire; as objects changes take several times that. It keeps a full buffer well below 300 MB of process. */
const bufferBytes = 16 * 1024 * 1024

/** Archive and live buffer in this process; the buffer begins with the archive's newest transactions. */
const stores = (settings: SettingsValue, databases: DevDatabases) => {
  const held = Layer.mergeAll(
    SqliteArchive.layer({
      file: join(settings.dataDir, "archive.sqlite"),
      source: settings.sourceId,
      retention: archiveRetention(retentionOf(settings, databases.demo))
    }),
    LiveBufferMemory.layer({ maxChanges: settings.bufferMaxChanges, maxBytes: bufferBytes })
  )
  return Layer.effectDiscard(refillLiveBuffer).pipe(Layer.provideMerge(held))
}

const capture = (settings: SettingsValue, databases: DevDatabases) =>
  Ingestor.layer({
    ...attachOptions(settings, databases.source),
    excluded: new Set(settings.captureExcludeColumns),
    spillDirectory: join(settings.dataDir, "spill"),
    memoryBytes: settings.spillMemoryBytes,
    publicationsEvery: 10_000
  })

const replay = (settings: SettingsValue, databases: DevDatabases) =>
  ReplayWorker.layer({
    workerId: `dev-${process.pid}`,
    count: settings.jobWorkerCount,
    leaseSeconds: settings.jobLeaseDurationSeconds,
    source: settings.sourceId,
    maxEventRetries: settings.maxEventRetries,
    bufferMaxAgeSeconds: settings.replayBufferMaxAgeSeconds
  }).pipe(
    Layer.provideMerge(configuredTargets({ targets: databases.targets, source: { url: databases.source } }))
  )

const control = (settings: SettingsValue, databases: DevDatabases, access: DevAccess) =>
  layerControlServer({
    host: settings.httpHost,
    port: settings.httpPort,
    tokens: { secret: access.secret, seconds: 3600 },
    databases: {
      source: attachOptions(settings, databases.source),
      targets: databases.targets,
      control: databases.control
    }
  }).pipe(
    Layer.provide(
      layerLocalSource({
        sourceId: settings.sourceId,
        demo: databases.demo,
        slot: settings.slotName,
        publication: settings.publicationName,
        plugin: settings.capturePlugin
      })
    )
  )

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
      const { root } = yield* ActorSystem
      yield* root.spawn({
        name: "demo",
        run: () => runWorkload({ url: databases.source, rate: settings.demoRate })
      })
    }
    const kept = retentionText(retentionOf(settings, databases.demo))
    process.stdout.write(welcome({ url, access, databases, dataDir: settings.dataDir, kept }))
  })

/** Everything in one process: embedded log, embedded databases where none are named. */
const dev = Effect.gen(function* () {
  const settings = yield* Settings.load
  return yield* Effect.gen(function* () {
    const access = yield* devAccess(settings)
    const databases = yield* devDatabases(settings)
    yield* awaitControlDatabase(databases.control)
    const shape = Layer.effectDiscard(open(settings, databases, access)).pipe(
      Layer.provideMerge(control(settings, databases, access)),
      Layer.provideMerge(Layer.mergeAll(layerRunReporter, layerCoverageKeeper(settings.sourceId))),
      Layer.provideMerge(Layer.mergeAll(capture(settings, databases), replay(settings, databases))),
      Layer.provideMerge(Layer.mergeAll(stores(settings, databases), layerJobStorePg)),
      Layer.provideMerge(database(databases, access)),
      Layer.provideMerge(ActorSystem.layer)
    )
    const built = yield* Layer.build(shape)
    return yield* Effect.flatMap(ActorSystem, (system) => system.awaitFailure).pipe(
      Effect.provideContext(built)
    )
  }).pipe(Effect.scoped, Effect.provide(logging(settings)))
})

if (import.meta.main) runProcess(dev)
