import { join } from "node:path"
import { Context, Effect, Exit, Layer, type Redacted, Scope, Stream, SubscriptionRef } from "effect"
import type { Incarnation } from "../../src/domain/Log.ts"
import { Ingestor, type IngestorOptions } from "../../src/ingest/Ingestor.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { Archive } from "../../src/log/Archive.ts"
import type { LogError } from "../../src/log/LogError.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import type { PgSession } from "../../src/postgres/PgSession.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { temporaryDirectory } from "../log/SqliteFixture.ts"
import { swallowingBuffer } from "./RecordingArchive.ts"
import { awaitPhase, makeDatabase, until } from "./TestSource.ts"

export type ArchiveService = Archive["Service"]

type LifeOptions = IngestorOptions & { readonly file: string }

/** A life of capture into a file, that the test can end. `wrap` makes the archive misbehave. */
export const startLife = Effect.fnUntraced(function* (
  options: LifeOptions,
  wrap: (archive: ArchiveService) => ArchiveService = (archive) => archive
) {
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const stored = Layer.effect(Archive, Effect.map(Archive, wrap)).pipe(
    Layer.provide(SqliteArchive.layer({ file: options.file, source: options.sourceId }))
  )
  const context = yield* Layer.build(
    Ingestor.layer(options).pipe(
      Layer.provideMerge(Layer.mergeAll(stored, swallowingBuffer)),
      Layer.provideMerge(ActorSystem.layer)
    )
  ).pipe(Scope.provide(scope))
  return {
    ingestor: Context.get(context, Ingestor),
    state: Context.get(context, IngestState),
    archive: Context.get(context, Archive),
    end: Scope.close(scope, Exit.void)
  }
})

export type Life = Effect.Success<ReturnType<typeof startLife>>

export const startCapturing = (options: LifeOptions) =>
  Effect.tap(startLife(options), ({ state }) => awaitPhase(state, "Capturing"))

/** Capture of a database under the usual names, into a file of that directory. */
export const captureInto = (directory: string, url: Redacted.Redacted) =>
  ({
    url,
    sourceId: "shop",
    slot: "walstream_slot",
    publication: "walstream_publication",
    plugin: "pgoutput",
    captureNewTables: "watch",
    spillDirectory: directory,
    file: join(directory, "archive.sqlite")
  }) satisfies LifeOptions

/** A source, and the file of its archive. */
export const makeSource = Effect.gen(function* () {
  const { options, ...database } = yield* makeDatabase
  const file = join(yield* temporaryDirectory, "archive.sqlite")
  return { ...database, options: { ...options, file } }
})

export const withTable = Effect.gen(function* () {
  const database = yield* makeSource
  yield* database.session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
  const insert = (id: number) => database.session.script(`INSERT INTO public.t VALUES (${id})`)
  return { ...database, insert }
})

/** The hole that capture has stopped at. */
export const stoppedAt = Effect.fnUntraced(function* ({ state }: Life) {
  const phase = yield* awaitPhase(state, "Stopped")
  if (phase._tag !== "Stopped" || phase.gap === null) return yield* Effect.die(new Error("no hole is named"))
  return { ...phase, gap: phase.gap }
})

/** Once capture has come to the place where it stops its actor ends a moment later. */
export const accept = ({ ingestor, state }: Life, gap: string) =>
  until(
    Effect.andThen(
      ingestor.acceptGap({ gap, by: "ada", reason: "the disk was full" }),
      SubscriptionRef.get(state.phase)
    ),
    (phase) => phase._tag !== "Stopped"
  )

/** Everything in the log: seqs, and the ids that were inserted. */
export const logged = ({ archive }: Life) =>
  Effect.gen(function* () {
    const { nextSeq } = yield* archive.coverage
    const chunks = (yield* Stream.runCollect(archive.read({ seq: 1, ordinal: 0 }, nextSeq))).flat()
    return {
      seqs: chunks.filter(({ last }) => last).map(({ seq }) => seq),
      incarnations: chunks.map(({ incarnation }) => incarnation),
      ids: chunks.flatMap(({ changes }) =>
        changes.flatMap((change) => (change.op === "insert" ? [Number(change.after[0])] : []))
      )
    }
  })

export const captured = (life: Life, id: number) => until(logged(life), ({ ids }) => ids.includes(id))

export const dropSlot = (session: PgSession, slot: string) =>
  until(
    session
      .query(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL",
        [slot]
      )
      .pipe(
        Effect.andThen(session.query("SELECT pg_drop_replication_slot($1)", [slot])),
        Effect.as(true),
        Effect.orElseSucceed(() => false)
      ),
    (dropped) => dropped
  )

export const dense = (length: number) => Array.from({ length }, (_, i) => i + 1)

export const lives = ({ archive }: Life): Effect.Effect<ReadonlyArray<Incarnation>, LogError> =>
  archive.incarnations
