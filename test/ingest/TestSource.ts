import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, Schedule, SubscriptionRef } from "effect"
import { Ingestor, type IngestorOptions } from "../../src/ingest/Ingestor.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { connectPg, type PgSession } from "../../src/postgres/PgSession.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { debianBinaries } from "../servers/Capability.ts"
import { makeTestPostgres, type TestPostgres } from "../servers/TestPostgres.ts"
import { RecordingArchive, swallowingBuffer } from "./RecordingArchive.ts"

const settings = {
  // a small decoding buffer, so that a few thousand rows count as a large transaction
  logical_decoding_work_mem: "64kB",
  max_replication_slots: "40",
  max_wal_senders: "40"
}

/** One server for a file of tests; each test has a database of its own. */
export class SourceServer extends Context.Service<SourceServer, TestPostgres>()("test/ingest/SourceServer") {
  static readonly layer = Layer.effect(this, makeTestPostgres({ settings }))
  /** PostgreSQL 15 as Debian has it. */
  static readonly layer15 = Layer.effect(this, makeTestPostgres({ settings, binaries: debianBinaries }))
}

let names = 0

/** A new database of the server, with a session to it. */
export const makeDatabase = Effect.gen(function* () {
  const server = yield* SourceServer
  const name = `source_${++names}`
  const url = yield* server.createDatabase(name)
  const session = yield* connectPg({ url, applicationName: "test" })
  const spillDirectory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-spill-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const options: IngestorOptions = {
    url,
    sourceId: name,
    slot: `slot_${name}`,
    publication: "walstream_publication",
    plugin: "pgoutput",
    captureNewTables: "watch",
    spillDirectory,
    statusEvery: 200
  }
  return { name, url, session, options }
})

/** Capture into a recording archive, running. */
export const startCapture = Effect.fnUntraced(function* (
  options: IngestorOptions,
  archive: RecordingArchive = new RecordingArchive()
) {
  const context = yield* Layer.build(
    Ingestor.layer(options).pipe(
      Layer.provide([archive.layer, swallowingBuffer]),
      Layer.provideMerge(ActorSystem.layer)
    )
  )
  return {
    archive,
    ingestor: Context.get(context, Ingestor),
    state: Context.get(context, IngestState),
    system: Context.get(context, ActorSystem)
  }
})

/** Asks again until it holds; the test's own time-out ends it. */
export const until = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.repeat(effect, { until: holds, schedule: Schedule.spaced("20 millis") })

export const untilTrue = (holds: () => boolean) => until(Effect.sync(holds), (value) => value)

export const awaitPhase = (state: IngestState["Service"], tag: string) =>
  until(SubscriptionRef.get(state.phase), (phase) => phase._tag === tag)

/** `confirmed_flush_lsn`, and whether somebody reads the slot. */
export const slotOf = (session: PgSession, slot: string) =>
  Effect.map(
    session.query(
      "SELECT confirmed_flush_lsn, active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
      [slot]
    ),
    ([row]) => ({ confirmed: row?.["confirmed_flush_lsn"] ?? null, pid: row?.["active_pid"] ?? null })
  )
