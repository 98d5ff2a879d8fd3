import { Worker } from "node:worker_threads"
import { Deferred, Effect, type Scope } from "effect"
import type { LogError } from "../LogError.ts"
import { fileError } from "./FileState.ts"
import type { Answer, ThreadOptions } from "./Protocol.ts"

export type Operations<Calls> = { readonly [K in keyof Calls]: (argument: never) => unknown }

/** The main thread's end of a SQLite thread. */
export interface SqliteClient<Calls extends Operations<Calls>> {
  /** Fails with Unavailable when the thread ends before it answers. What it does then may have happened. */
  readonly call: <K extends keyof Calls & string>(
    call: K,
    argument: Parameters<Calls[K]>[0],
    /** Parts of the argument that are given away instead of copied. */
    transfer?: ReadonlyArray<ArrayBuffer>
  ) => Effect.Effect<ReturnType<Calls[K]>, LogError>
  /** Fails when the thread ends without having been asked to. */
  readonly ended: Effect.Effect<never, LogError>
}

/** `tsc` turns this file into .js and leaves texts alone. */
const entry = new URL(`./SqliteWorker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)

/** Answers the opening of the file. */
const openingId = 0

/** Starts a thread and opens the file in it; the scope closes the file and waits for the thread's end. */
export const startThread = Effect.fnUntraced(function* <Calls extends Operations<Calls>>(
  options: ThreadOptions
): Effect.fn.Return<SqliteClient<Calls>, LogError, Scope.Scope> {
  const waiting = new Map<number, (result: Effect.Effect<unknown, LogError>) => void>()
  const ended = Deferred.makeUnsafe<never, LogError>()
  const exited = Deferred.makeUnsafe<void>()
  const opened = Deferred.makeUnsafe<unknown, LogError>()
  waiting.set(openingId, (result) => Deferred.doneUnsafe(opened, result))
  let nextId = openingId + 1
  /** Why no thread answers any more. */
  let dead: LogError | undefined

  const request = (id: number, send: () => void) =>
    Effect.callback<unknown, LogError>((resume) => {
      waiting.set(id, resume)
      send()
      return Effect.sync(() => waiting.delete(id))
    })

  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(entry, { workerData: options, name: `sqlite-${options.role}` })),
    (thread) =>
      Effect.suspend(() => {
        thread.postMessage({ id: nextId++, call: "close", argument: null })
        return Deferred.await(exited)
      }).pipe(
        Effect.timeoutOrElse({
          duration: "10 seconds",
          orElse: () => Effect.promise(() => thread.terminate())
        })
      )
  )
  const stop = (detail: string) => {
    if (dead !== undefined) return
    const error = fileError({
      _tag: "Unavailable",
      detail: `${options.file}: the ${options.role} thread ${detail}`
    })
    dead = error
    Deferred.doneUnsafe(ended, Effect.fail(error))
    for (const resume of waiting.values()) resume(Effect.fail(error))
    waiting.clear()
  }
  worker.on("message", (answer: Answer) => {
    const resume = waiting.get(answer.id)
    waiting.delete(answer.id)
    resume?.(answer.ok ? Effect.succeed(answer.value) : Effect.fail(fileError(answer.reason)))
  })
  worker.on("error", (error) => stop(`failed: ${error.message}`))
  worker.on("exit", (code) => {
    stop(`ended with ${code}`)
    Deferred.doneUnsafe(exited, Effect.void)
  })

  yield* Deferred.await(opened)
  return {
    ended: Deferred.await(ended),
    call: (call, argument, transfer = []) =>
      Effect.suspend(() => {
        if (dead !== undefined) return Effect.fail(dead)
        const id = nextId++
        // The thread answers with what the call's type says; a clone keeps no types.
        return request(id, () => worker.postMessage({ id, call, argument }, transfer)) as Effect.Effect<
          never,
          LogError
        >
      })
  }
})
