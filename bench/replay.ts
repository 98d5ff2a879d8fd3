import { Effect, Layer, type Redacted, Schedule } from "effect"
import { controlDatabase } from "../src/control/ControlDatabase.ts"
import { layerJobStorePg } from "../src/control/JobStorePg.ts"
import { migrate } from "../src/control/Migrations.ts"
import type { JobSpec } from "../src/domain/Job.ts"
import { Archive } from "../src/log/Archive.ts"
import { LiveBufferMemory } from "../src/log/LiveBufferMemory.ts"
import { SqliteArchive } from "../src/log/SqliteArchive.ts"
import type { EmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { JobStore } from "../src/replay/JobStore.ts"
import { ReplayWorker } from "../src/replay/ReplayWorker.ts"
import type { Targets } from "../src/replay/Target.ts"
import { configuredTargets } from "../src/replay/target/ConfiguredTargets.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { type Backlog, copySlot, makeBacklog, makeBenchServer, session, temporaryFolder } from "./Backlog.ts"
import { median, moreIsBetter, worstOf } from "./BenchResult.ts"
import { captured, captureLayer } from "./capture.ts"
import { digest, makeTarget, runNativeReplication } from "./NativeReplication.ts"

/** All of the history, as fast as the target takes it. */
export const everything: JobSpec = {
  name: null,
  startTime: 0,
  endTime: null,
  startLsn: null,
  endLsn: null,
  speed: "max",
  tables: null,
  operations: null,
  target: "bench",
  dryRun: false,
  dedupe: "target",
  onMismatch: "converge",
  maxGapSeconds: null,
  follow: false,
  strictSource: false
}

/** Puts the backlog into an archive: what both are given to apply lies in a log. */
export const archiveBacklog = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  database: string,
  backlog: Backlog,
  folder: string
) {
  const source = yield* session(server, database)
  const slot = `archive_${database}`
  yield* copySlot(source, backlog, slot)
  yield* captured(backlog).pipe(Effect.provide(captureLayer(server.url(database), slot, folder)))
}, Effect.scoped)

/** A worker over an archive, with one target named `bench`. */
export const replayLayer = (server: EmbeddedPostgres, folder: string, targets: Layer.Layer<Targets>) =>
  ReplayWorker.layer({
    workerId: "bench",
    count: 1,
    leaseSeconds: 300,
    source: "bench",
    maxEventRetries: 3,
    bufferMaxAgeSeconds: 0
  }).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        targets,
        SqliteArchive.layer({ file: `${folder}/archive.sqlite`, source: "bench" }),
        LiveBufferMemory.layer({ maxChanges: 1000, maxBytes: 1_000_000 }),
        layerJobStorePg
      )
    ),
    Layer.provideMerge(controlDatabase({ url: server.url("control"), applicationName: "walstream-bench" })),
    Layer.provideMerge(ActorSystem.layer)
  )

/** The target `bench`, in this process. */
export const inProcess = (url: Redacted.Redacted): Layer.Layer<Targets> =>
  configuredTargets({ targets: { bench: url }, source: null })

/** Seconds from starting a job until it is completed. */
export const runJob = Effect.gen(function* () {
  const archive = yield* Archive
  const store = yield* JobStore
  yield* archive.coverage
  const { id } = yield* store.create(everything)
  const started = performance.now()
  yield* store.act(id, "start")
  const job = yield* store.find(id).pipe(
    Effect.repeat({
      until: ({ status }) => status === "completed" || status === "failed",
      schedule: Schedule.spaced("10 millis")
    }),
    Effect.timeout("10 minutes")
  )
  if (job.status === "failed") return yield* Effect.die(new Error(job.failure?.message))
  return (performance.now() - started) / 1000
})

/** A migrated control database. */
export const prepareControl = Effect.fnUntraced(function* (server: EmbeddedPostgres) {
  const admin = yield* session(server, "postgres")
  yield* admin.script("CREATE DATABASE control")
  yield* migrate.pipe(
    Effect.provide(controlDatabase({ url: server.url("control"), applicationName: "walstream-bench" }))
  )
}, Effect.scoped)

/**
 * `npm run bench -- replay [CHANGES] [ROUNDS]`: PostgreSQL's own logical replication applies a backlog to an empty
 * table; a job does the same from the archive. Same server, same rows, in turns; the end is compared.
 */
export const run = ([changes = "200000", rounds = "3"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* makeBenchServer()
    yield* prepareControl(server)
    const cases = []
    for (const perTransaction of [1, 10, 1000]) {
      const database = `tx${perTransaction}`
      const backlog = yield* makeBacklog(server, database, Number(changes), perTransaction)
      const folder = yield* temporaryFolder
      yield* archiveBacklog(server, database, backlog, folder)
      const expected = yield* digest(server, database)
      for (const synchronous of ["on", "off"] as const) {
        const ours: Array<number> = []
        const theirs: Array<number> = []
        for (let round = 0; round < Number(rounds); round++) {
          const native = `native_${perTransaction}_${synchronous}_${round}`
          theirs.push(
            backlog.changes / (yield* runNativeReplication(server, database, native, backlog, synchronous))
          )
          const target = `ours_${perTransaction}_${synchronous}_${round}`
          yield* makeTarget(server, target)
          const admin = yield* session(server, "postgres")
          yield* admin.script(`ALTER DATABASE ${target} SET synchronous_commit = ${synchronous}`)
          const seconds = yield* runJob.pipe(
            Effect.provide(replayLayer(server, folder, inProcess(server.url(target))))
          )
          ours.push(backlog.changes / seconds)
          if ((yield* digest(server, target)) !== expected) return yield* Effect.die(new Error("ends differ"))
        }
        const name = `transactions of ${perTransaction}, synchronous_commit ${synchronous}`
        cases.push(moreIsBetter(name, median(ours), median(theirs)))
      }
    }
    return worstOf("replay", "changes/s", cases)
  }).pipe(Effect.scoped, Effect.runPromise)
