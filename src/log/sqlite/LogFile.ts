import { Deferred, Effect } from "effect"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import type { LogError } from "../LogError.ts"
import type { FileState } from "./FileState.ts"
import { makeFileWriter } from "./FileWriter.ts"
import type { ReaderCalls, ThreadOptions, WriterCalls } from "./Protocol.ts"
import { keepRetention, type Retention } from "./Retention.ts"
import type { Operations } from "./SqliteClient.ts"
import { SqliteThread } from "./SqliteThread.ts"

export interface LogFileOptions {
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
  /** Of its supervisor. Default `archive`. */
  readonly name?: string
}

/** Opens the file: starts its two threads under a supervisor of their own; a thread that ends is started again. */
export const openLogFile = Effect.fnUntraced(function* (options: LogFileOptions, state: FileState) {
  const system = yield* ActorSystem
  const { name = "archive" } = options
  const supervisor = yield* Effect.acquireRelease(system.root.supervise({ name }), () =>
    system.root.stop(name)
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
