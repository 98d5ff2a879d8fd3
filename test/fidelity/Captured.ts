import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, type Redacted, Schedule, Schema, SubscriptionRef } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import { Ingestor } from "../../src/ingest/Ingestor.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import type { CapturePlugin } from "../../src/ingest/Slot.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

class CaptureStopped extends Schema.TaggedError<CaptureStopped>()("CaptureStopped", {
  detail: Schema.String
}) {
  override get message(): string {
    return `capture stopped: ${this.detail}`
  }
}

export const sourceId = "fidelity"

/**
 * Captures `source` into an archive of its own while `work` runs, and on until everything that `work` did is in it.
 * The archive lives as long as the scope.
 */
export const captured = Effect.fnUntraced(function* <E, R>(
  source: Redacted.Redacted,
  plugin: CapturePlugin,
  work: Effect.Effect<void, E, R>
) {
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-fidelity-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const stores = Layer.mergeAll(
    SqliteArchive.layer({ file: join(directory, "archive.db"), source: sourceId }),
    LiveBufferMemory.layer({ maxChanges: 1000, maxBytes: 16 * 1024 * 1024 })
  )
  const ingest = Ingestor.layer({
    url: source,
    sourceId,
    slot: "fidelity",
    publication: "fidelity",
    plugin,
    captureNewTables: "watch",
    spillDirectory: directory
  })
  const services = yield* Layer.build(
    ingest.pipe(Layer.provideMerge(stores), Layer.provideMerge(ActorSystem.layer))
  )
  const state = Context.get(services, IngestState)
  const phase = SubscriptionRef.get(state.phase)
  const until = <B>(condition: Effect.Effect<boolean, B>) =>
    Effect.gen(function* () {
      const now = yield* phase
      if (now._tag === "Stopped") return yield* new CaptureStopped({ detail: now.message })
      return yield* condition
    }).pipe(
      Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("50 millis") }),
      Effect.timeout("90 seconds")
    )
  yield* until(Effect.map(phase, (now) => now._tag === "Capturing"))
  yield* work
  const end = yield* Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url: source, applicationName: "test" })
      const [row] = yield* session.query("SELECT pg_current_wal_insert_lsn() AS lsn")
      return parseLsn(row?.["lsn"] ?? "") ?? 0n
    })
  )
  yield* until(Effect.map(state.figures, ({ frontier }) => frontier >= end))
  return Context.get(services, Archive)
})
