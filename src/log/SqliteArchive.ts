import { Deferred, Effect, Layer } from "effect"
import type { Coverage } from "../domain/Log.ts"
import { hexLsn } from "../domain/Lsn.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { Archive, type Bound } from "./Archive.ts"
import { coverageStream } from "./CoverageStream.ts"
import type { LogError } from "./LogError.ts"
import { FileState } from "./sqlite/FileState.ts"
import { belowMark, makeFileWriter } from "./sqlite/FileWriter.ts"
import type { ReaderCalls, ThreadOptions, WriterCalls } from "./sqlite/Protocol.ts"
import { keepRetention, type Retention } from "./sqlite/Retention.ts"
import { readSegments } from "./sqlite/SegmentStream.ts"
import type { Operations } from "./sqlite/SqliteClient.ts"
import { SqliteThread } from "./sqlite/SqliteThread.ts"

export interface SqliteArchiveOptions {
  /** Where the log is. `-wal`, `-shm` and `.lock` files lie beside it. Its directory must exist. */
  readonly file: string
  /** The source's name. A file that holds the log of another one is refused. */
  readonly source: string
  /** Default: everything is kept. */
  readonly retention?: Retention
  /** A bound on the file's size in bytes, beyond which appends fail with Full. Default: the disk's. */
  readonly maxFileBytes?: number
  /** Whether texts are stored compressed (zstd). Default true. */
  readonly compress?: boolean
}

/** Starts the two threads under a supervisor of their own; a thread that ends is started again. */
const startThreads = Effect.fnUntraced(function* (options: SqliteArchiveOptions, state: FileState) {
  const system = yield* ActorSystem
  const supervisor = yield* Effect.acquireRelease(system.root.supervise({ name: "archive" }), () =>
    system.root.stop("archive")
  ).pipe(Effect.orDie)

  const start = Effect.fnUntraced(function* <Calls extends Operations<Calls>>(
    role: ThreadOptions["role"],
    recover: Parameters<SqliteThread<Calls>["run"]>[0]["recover"]
  ) {
    const thread = new SqliteThread<Calls>({
      role,
      file: options.file,
      source: options.source,
      maxFileBytes: options.maxFileBytes ?? null,
      compress: options.compress ?? true
    })
    // The first life's failure is the layer's: whoever starts us wants to know why at once.
    const first = yield* Deferred.make<void, LogError>()
    yield* supervisor
      .spawn<never, LogError, never>({
        name: role,
        readiness: "signalled",
        run: (context) =>
          thread
            .run({ recover, ready: Effect.andThen(context.ready, Deferred.succeed(first, undefined)) })
            .pipe(Effect.tapError((error) => Deferred.fail(first, error)))
      })
      .pipe(Effect.orDie)
    yield* Deferred.await(first)
    return thread
  })

  const writer = yield* start<WriterCalls>("writer", (client) =>
    state.alone(
      Effect.flatMap(client.call("recover", null), (recovered) => state.recover(recovered) ?? Effect.void)
    )
  )
  const reader = yield* start<ReaderCalls>("reader", () => Effect.void)
  const file = makeFileWriter(state, writer, reader)
  const { retention } = options
  if (retention !== undefined) {
    yield* supervisor
      .spawn({ name: "retention", run: () => keepRetention(file, retention) })
      .pipe(Effect.orDie)
  }
  return { file, reader }
})

const make = Effect.fnUntraced(function* (options: SqliteArchiveOptions) {
  const state = new FileState()
  const { file, reader } = yield* startThreads(options, state)
  const coverage = Effect.sync((): Coverage => state.coverage)

  const resolve = Effect.fnUntraced(function* (bound: Bound) {
    const { firstSeq, nextSeq } = state.coverage
    const newest = state.held.incarnations.at(-1)
    let seq: number | null = null
    if (bound._tag === "Time") {
      seq = yield* reader.call("seqAtTime", { time: bound.time, fromSeq: firstSeq })
    } else if (newest !== undefined) {
      seq = yield* reader.call("seqAtLsn", {
        lsn: hexLsn(bound.lsn),
        incarnation: newest.number,
        fromSeq: Math.max(firstSeq, newest.firstSeq)
      })
    }
    return Math.min(seq ?? nextSeq, nextSeq)
  })

  const volume = Effect.fnUntraced(function* (start: number, end: number) {
    const { firstSeq, nextSeq } = state.coverage
    const [from, until] = [Math.max(start, firstSeq), Math.min(end, nextSeq)]
    if (from >= until) return { transactions: 0, changes: 0, bytes: 0 }
    return { transactions: until - from, ...(yield* reader.call("volume", { start: from, end: until })) }
  })

  return Archive.of({
    kind: "sqlite",
    recover: Effect.suspend(() => {
      const { mark, incarnations, last } = state.held
      return belowMark(state) ?? Effect.succeed({ mark, incarnations, last })
    }),
    append: file.append,
    writeMark: file.writeMark,
    beginIncarnation: file.beginIncarnation,
    incarnations: Effect.sync(() => state.held.incarnations),
    read: (from, end) => readSegments(state, reader, from, end),
    coverage,
    coverageChanges: coverageStream(state.changed, coverage),
    resolve,
    volume
  })
})

/**
 * The archive in one SQLite file, for one process. The service is there when the file is open and its end is known.
 *
 * Fails with Corrupt when the file is none of ours, damaged or of a newer version, Conflict when it holds another
 * source's log, and Unavailable when it cannot be opened or another process has it. Each names the file.
 */
const layer = (options: SqliteArchiveOptions): Layer.Layer<Archive, LogError, ActorSystem> =>
  Layer.effect(Archive, make(options))

export const SqliteArchive = { layer }
