import { join } from "node:path"
import { Context, Effect, Layer, type Redacted, References } from "effect"
import { controlDatabase } from "../../src/control/ControlDatabase.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { migrate } from "../../src/control/Migrations.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { ReplayWorker } from "../../src/replay/ReplayWorker.ts"
import { configuredTargets } from "../../src/replay/target/ConfiguredTargets.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { randomIncarnation } from "../log/RandomLog.ts"
import { archiveAt, temporaryDirectory } from "../log/SqliteFixture.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"

/** Rows may come twice here: nothing but the ledger keeps them from it. */
const tables = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id text); CREATE TABLE shop.stock (id text)"

/** A real control database and a real target, on a server of their own. */
export const makeReplayDatabases = Effect.gen(function* () {
  const server = yield* makeTestPostgres()
  const targetUrl = yield* server.createDatabase("target")
  const controlUrl = yield* server.createDatabase("control")
  const target = yield* connectPg({ url: targetUrl, applicationName: "test" })
  yield* target.script(tables)
  const database = controlDatabase({ url: controlUrl, applicationName: "test" })
  yield* Effect.provide(migrate, database)
  const control = yield* connectPg({ url: controlUrl, applicationName: "test" })
  /** The ids of the rows, in order, as often as they are there. */
  const rows = Effect.map(
    target.query("SELECT id FROM shop.orders UNION ALL SELECT id FROM shop.stock"),
    (found) => found.map((row) => row["id"] ?? "").toSorted()
  )
  return { targetUrl, controlUrl, target, control, database, rows }
})

/** Appends a history to the archive that is there. */
export const archiveHistory = Effect.fnUntraced(function* (history: ReadonlyArray<ArchivedChunk>) {
  const archive = yield* Archive
  yield* archive.beginIncarnation(randomIncarnation())
  yield* archive.append(history)
  return archive
})

/** An archive with this history in this process, a real control database and a real target. */
export const makeReplayScene = Effect.fnUntraced(function* (history: ReadonlyArray<ArchivedChunk>) {
  const { targetUrl, target, control, database, rows } = yield* makeReplayDatabases
  const file = join(yield* temporaryDirectory, "log.sqlite")
  const stores = yield* Layer.build(
    Layer.mergeAll(archiveAt({ file }), LiveBufferMemory.layer({ maxChanges: 1000, maxBytes: 1e6 }))
  )
  const archive = yield* Effect.provideContext(archiveHistory(history), stores)

  /** A worker with an actor system, a job store and a session of its own, as another process would have. */
  const startWorker = (workerId: string, leaseSeconds: number, url: Redacted.Redacted = targetUrl) =>
    Effect.map(
      Layer.build(
        Layer.fresh(
          ReplayWorker.layer({
            workerId,
            count: 1,
            leaseSeconds,
            source: "shop",
            maxEventRetries: 3,
            bufferMaxAgeSeconds: 0
          }).pipe(
            Layer.provideMerge(
              Layer.mergeAll(
                configuredTargets({ targets: { default: url }, source: null }),
                Layer.succeed(Archive, archive),
                Layer.succeed(LiveBuffer, Context.get(stores, LiveBuffer)),
                layerJobStorePg
              )
            ),
            Layer.provideMerge(database),
            Layer.provideMerge(ActorSystem.layer),
            Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
          )
        )
      ),
      (services) => Context.get(services, JobStore)
    )

  return { startWorker, targetUrl, target, control, rows }
})

/** The ids of the rows that a stretch of such a history inserts, in order. */
export const idsOf = (history: ReadonlyArray<ArchivedChunk>): ReadonlyArray<string> =>
  history
    .flatMap(({ changes }) =>
      changes.map((change) => (change.op === "insert" ? String(change.after[0]) : change.op))
    )
    .toSorted()
