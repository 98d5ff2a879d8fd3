import { parentPort, workerData } from "node:worker_threads"
import type { Answer, ReaderCalls, ThreadOptions, WriterCalls } from "./Protocol.ts"
import { reasonOf } from "./SqliteFault.ts"
import { openReader, openWriter } from "./SqliteFile.ts"
import { SqliteReader } from "./SqliteReader.ts"
import { SqliteWriter } from "./SqliteWriter.ts"

/*
 * The entry of both threads. No Effect here, and nothing that imports it: a thread starts in milliseconds.
 */

interface Request {
  readonly id: number
  readonly call: keyof WriterCalls | keyof ReaderCalls | "close"
  readonly argument: unknown
}

const start = (options: ThreadOptions, port: NonNullable<typeof parentPort>): void => {
  const answer = (message: Answer): void => port.postMessage(message)
  const attempt = (id: number, work: () => unknown): void => {
    try {
      answer({ id, ok: true, value: work() })
    } catch (thrown) {
      answer({ id, ok: false, reason: reasonOf(thrown, options.file) })
    }
  }
  attempt(0, () => {
    const { db, close } = options.role === "writer" ? openWriter(options) : openReader(options)
    const calls = options.role === "writer" ? new SqliteWriter(db, options.compress) : new SqliteReader(db)
    port.on("message", ({ id, call, argument }: Request) => {
      if (call === "close") {
        attempt(id, close)
        port.close()
        return
      }
      // The client's types pair each call with its role and its argument; a clone keeps no types.
      const methods = calls as unknown as Readonly<Record<string, (argument: unknown) => unknown>>
      attempt(id, () => methods[call]?.call(calls, argument))
    })
    return null
  })
}

// Set by SqliteClient, which is the only one to start this file.
if (parentPort !== null) start(workerData as ThreadOptions, parentPort)
