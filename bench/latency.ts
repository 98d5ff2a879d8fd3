import { join } from "node:path"
import { Effect, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import { controlDatabase } from "../src/control/ControlDatabase.ts"
import { layerJobStorePg } from "../src/control/JobStorePg.ts"
import type { ArchivedChunk } from "../src/domain/Transaction.ts"
import { Ingestor } from "../src/ingest/Ingestor.ts"
import { IngestState } from "../src/ingest/IngestState.ts"
import { Archive } from "../src/log/Archive.ts"
import { LiveBuffer } from "../src/log/LiveBuffer.ts"
import { LiveBufferMemory } from "../src/log/LiveBufferMemory.ts"
import { SqliteArchive } from "../src/log/SqliteArchive.ts"
import { type EmbeddedPostgres, makeEmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { JobStore } from "../src/replay/JobStore.ts"
import { ReplayWorker } from "../src/replay/ReplayWorker.ts"
import { configuredTargets } from "../src/replay/target/ConfiguredTargets.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { publication, session, temporaryFolder } from "./Backlog.ts"
import { lessIsBetter, worstOf } from "./BenchResult.ts"
import { makeTarget, ordersTable, subscribe } from "./NativeReplication.ts"
import { percentiles } from "./Percentiles.ts"
import { everything, prepareControl } from "./replay.ts"
import { steadyLoad, steadyProcedure } from "./SteadyLoad.ts"

const perSecond = 1000
const warmUp = 3 * perSecond
/** The blueprint's goals: p99 in milliseconds. */
const goals = { archived: 10, fed: 25, applied: 20 }

const makeServer = Effect.gen(function* () {
  const directory = yield* temporaryFolder
  return yield* makeEmbeddedPostgres({
    directory,
    settings: {
      shared_buffers: "256MB",
      max_wal_size: "4GB",
      checkpoint_timeout: "1h",
      autovacuum: "off"
    }
  })
})

const makeSource = Effect.fnUntraced(function* (server: EmbeddedPostgres, database: string) {
  const admin = yield* session(server, "postgres")
  yield* admin.script(`CREATE DATABASE ${database}`)
  const source = yield* session(server, database)
  yield* source.script(ordersTable)
  yield* source.script(steadyProcedure)
  yield* source.script(`CREATE PUBLICATION ${publication} FOR TABLE public.orders`)
  return source
})

/** Microseconds of the machine's clock, which is PostgreSQL's too; its own reading has only milliseconds. */
const makeClock = () => {
  const now = Date.now()
  while (Date.now() === now);
  const offset = Date.now() - performance.now()
  return () => (offset + performance.now()) * 1000
}

/** Notes how long ago the transactions that end in these chunks were committed, in milliseconds. */
const makeNotes = () => {
  const clock = makeClock()
  const notes: Array<number> = []
  const note = (chunks: ReadonlyArray<ArchivedChunk>) =>
    Effect.sync(() => {
      const now = clock()
      for (const { last, commit } of chunks) if (last) notes.push((now - commit.commitTime) / 1000)
    })
  return { notes, note }
}

/** The archive, with a look at the clock after each append that was acknowledged. */
const watched = (file: string, note: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void>) =>
  Layer.effect(
    Archive,
    Effect.map(Archive, (archive) => ({
      ...archive,
      append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.tap(archive.append(chunks), () => note(chunks))
    }))
  ).pipe(Layer.provide(SqliteArchive.layer({ file, source: "bench" })))

/** Capture, stores and a worker in one process, as `npm start` has them. */
const shape = (
  server: EmbeddedPostgres,
  names: { readonly source: string; readonly target: string; readonly folder: string },
  archive: Layer.Layer<Archive, unknown, ActorSystem>
) =>
  Layer.mergeAll(
    Ingestor.layer({
      url: server.url(names.source),
      sourceId: "bench",
      slot: names.source,
      publication,
      plugin: "pgoutput",
      captureNewTables: "watch",
      spillDirectory: join(names.folder, "spill")
    }),
    ReplayWorker.layer({
      workerId: names.target,
      count: 1,
      leaseSeconds: 300,
      source: "bench",
      maxEventRetries: 3,
      bufferMaxAgeSeconds: 3600
    }).pipe(
      Layer.provide(
        configuredTargets({
          targets: { bench: server.url(names.target) },
          source: { url: server.url(names.source) }
        })
      )
    )
  ).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        archive,
        LiveBufferMemory.layer({ maxChanges: 100_000, maxBytes: 16 * 1024 * 1024 }),
        layerJobStorePg
      )
    ),
    Layer.provideMerge(controlDatabase({ url: server.url("control"), applicationName: "walstream-bench" })),
    Layer.provideMerge(ActorSystem.layer)
  )

/**
 * When each transaction since then was committed, in microseconds by transaction id, from the log itself: the
 * server's commit timestamps are those of the origin for whatever is replicated.
 */
const commitTimes = Effect.fnUntraced(function* (server: EmbeddedPostgres, since: string) {
  const admin = yield* session(server, "postgres")
  yield* admin.script("CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA public")
  const rows = yield* admin.query(
    `SELECT xid, (extract(epoch FROM substring(description FROM '^[0-9-]+ [0-9:.]+')::timestamp) * 1000000)::bigint AS at
     FROM public.pg_get_wal_records_info($1, pg_current_wal_flush_lsn())
     WHERE resource_manager = 'Transaction' AND record_type LIKE 'COMMIT%'`,
    [since]
  )
  return new Map(rows.map((row) => [row["xid"], Number(row["at"])]))
}, Effect.scoped)

/** Which transaction wrote each row behind the warm-up. */
const writers = Effect.fnUntraced(function* (server: EmbeddedPostgres, database: string) {
  const reader = yield* session(server, database)
  const rows = yield* reader.query(`SELECT id, xmin AS xid FROM public.orders WHERE id > ${warmUp}`)
  return new Map(rows.map((row) => [row["id"], row["xid"]]))
}, Effect.scoped)

/** How long after its commit at the source each row was committed at the target, in milliseconds. */
const appliedAfter = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  source: string,
  target: string,
  since: string
) {
  const times = yield* commitTimes(server, since)
  const written = yield* writers(server, source)
  const applied = yield* writers(server, target)
  return Array.from(written, ([id, xid]) => {
    const [from, to] = [times.get(xid), times.get(applied.get(id))]
    if (from === undefined || to === undefined)
      throw new Error(`${target} lacks a row, or the log its commit`)
    return (to - from) / 1000
  })
})

const hasRows = Effect.fnUntraced(function* (server: EmbeddedPostgres, database: string, count: number) {
  const reader = yield* session(server, database)
  yield* reader.query("SELECT count(*) AS n FROM public.orders").pipe(
    Effect.repeat({
      until: ([row]) => Number(row?.["n"]) >= count,
      schedule: Schedule.spaced("50 millis")
    }),
    Effect.timeout("1 minute")
  )
}, Effect.scoped)

/** The load, after some seconds to get warm; what is noted of those is forgotten. How long each row took to the target. */
const underLoad = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  source: string,
  target: string,
  seconds: number,
  forget: () => void
) {
  yield* steadyLoad(server, source, { after: 0, count: warmUp, perSecond })
  yield* hasRows(server, target, warmUp)
  forget()
  const admin = yield* session(server, "postgres")
  const [start] = yield* admin.query("SELECT pg_current_wal_insert_lsn() AS lsn")
  const count = seconds * perSecond
  const started = performance.now()
  yield* steadyLoad(server, source, { after: warmUp, count, perSecond })
  const rate = (count / (performance.now() - started)) * 1000
  if (rate < 0.95 * perSecond) console.error(`the server committed only ${Math.round(rate)} transactions/s`)
  yield* hasRows(server, target, warmUp + count)
  return yield* appliedAfter(server, source, target, start?.["lsn"] ?? "")
}, Effect.scoped)

const runOurs = Effect.fnUntraced(function* (server: EmbeddedPostgres, round: number, seconds: number) {
  const names = { source: `source_${round}`, target: `ours_${round}`, folder: yield* temporaryFolder }
  yield* makeSource(server, names.source)
  yield* makeTarget(server, names.target)
  const archived = makeNotes()
  const fed = makeNotes()
  const applied = yield* Effect.gen(function* () {
    const state = yield* IngestState
    yield* SubscriptionRef.changes(state.phase).pipe(
      Stream.takeUntil(({ _tag }) => _tag === "Capturing"),
      Stream.runDrain,
      Effect.timeout("30 seconds")
    )
    const store = yield* JobStore
    const { id } = yield* store.create({ ...everything, follow: true })
    yield* store.act(id, "start")
    const buffer = yield* LiveBuffer
    yield* buffer
      .read({ seq: 1, ordinal: 0 }, null)
      .pipe(Stream.runForEach(fed.note), Effect.orDie, Effect.forkScoped)
    return yield* underLoad(server, names.source, names.target, seconds, () => {
      archived.notes.length = 0
      fed.notes.length = 0
    })
  }).pipe(Effect.provide(shape(server, names, watched(join(names.folder, "archive.sqlite"), archived.note))))
  return { archived: archived.notes, fed: fed.notes, applied }
}, Effect.scoped)

const runNative = Effect.fnUntraced(function* (server: EmbeddedPostgres, round: number, seconds: number) {
  const names = { source: `origin_${round}`, target: `native_${round}` }
  const source = yield* makeSource(server, names.source)
  yield* makeTarget(server, names.target)
  yield* source.query("SELECT slot_name FROM pg_create_logical_replication_slot($1, 'pgoutput')", [
    names.target
  ])
  yield* subscribe(server, names.source, names.target, names.target, "on")
  return yield* underLoad(server, names.source, names.target, seconds, () => undefined)
}, Effect.scoped)

/**
 * `npm run bench -- latency [SECONDS] [ROUNDS]`: 1000 transactions a second on an embedded server; how long after
 * their commit they are durable in the archive, reach a follower of the live buffer in this process, and are
 * committed at the target by a following job. In turns with PostgreSQL's own logical replication between two
 * databases of the same server. Commits by the server's log, on both sides alike.
 */
export const run = ([seconds = "20", rounds = "3"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* makeServer
    yield* prepareControl(server)
    const archived: Array<number> = []
    const fed: Array<number> = []
    const applied: Array<number> = []
    const native: Array<number> = []
    for (let round = 0; round < Number(rounds); round++) {
      native.push(...(yield* runNative(server, round, Number(seconds))))
      const ours = yield* runOurs(server, round, Number(seconds))
      archived.push(...ours.archived)
      fed.push(...ours.fed)
      applied.push(...ours.applied)
    }
    const all = Object.entries({ archived, fed, applied, native })
    for (const [name, values] of all) {
      const { count, p50, p99, max } = percentiles(values)
      const [low, high, top] = [p50, p99, max].map((value) => value.toFixed(1))
      console.error(`${name}: p50 ${low}, p99 ${high}, max ${top} ms of ${count}`)
    }
    const p99 = (values: ReadonlyArray<number>) => percentiles(values).p99
    return worstOf("latency", "ms p99", [
      lessIsBetter("commit to archived", p99(archived), goals.archived),
      lessIsBetter("commit to live feed in process", p99(fed), goals.fed),
      lessIsBetter("commit to applied", p99(applied), goals.applied),
      lessIsBetter("commit to applied, native replication", p99(applied), p99(native))
    ])
  }).pipe(Effect.scoped, Effect.runPromise)
