import { mkdir, open, readdir, rm, statfs } from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { TransactionChunk } from "../domain/Transaction.ts"
import type { ChunkCutter } from "./ChunkCutter.ts"
import type { OpenTransaction } from "./OpenTransaction.ts"
import { SpillError } from "./SpillError.ts"
import { SpillFile, scratchBytes } from "./SpillFile.ts"

export interface SpillOptions {
  /** This store's alone. What a dead process left there is deleted. */
  readonly directory: string
  /** Bytes that must stay free on its file system. */
  readonly minimumFree: number
  /** How many are; asks the file system if not given. */
  readonly freeBytes?: (directory: string) => Promise<number>
}

/** Where transactions in progress go when memory is short: a file for each, gone with it, and with the scope. */
export interface SpillStore {
  /** Adds what the transaction holds in memory to its file: all or nothing. */
  readonly append: (transaction: OpenTransaction) => Effect.Effect<void, SpillError>
  /** How many of its changes on disk survived. */
  readonly count: (transaction: OpenTransaction) => Effect.Effect<number, SpillError>
  /**
   * Reads them back: a chunk at each run of the inner effect, null at the end, when the cutter may hold the beginning
   * of one more. What is in memory at a time does not depend on the file's size.
   */
  readonly read: (
    transaction: OpenTransaction,
    cutter: ChunkCutter
  ) => Effect.Effect<Effect.Effect<TransactionChunk | null, SpillError>>
  readonly remove: (transaction: OpenTransaction) => Effect.Effect<void, SpillError>
  /** On disk now. */
  readonly bytes: () => number
}

const suffix = ".spill"
const noRoom: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"])

/** Thrown inside, so that the one place below tells it from the file system's own errors. */
class TooFull extends Error {}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""

/** A parser's message may quote the text it was given: only the file system's messages and our own are repeated. */
const describe = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "unknown"
  return codeOf(cause) !== "" || cause instanceof TooFull || cause instanceof RangeError
    ? cause.message
    : cause.name
}

const freeOf = async (directory: string): Promise<number> => {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

export const makeSpillStore = Effect.fnUntraced(function* (
  options: SpillOptions
): Effect.fn.Return<SpillStore, SpillError, Scope.Scope> {
  const { directory, minimumFree, freeBytes = freeOf } = options
  const files = new Map<OpenTransaction, SpillFile>()
  const scratch = Buffer.allocUnsafe(scratchBytes)

  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => {
        const detail = describe(cause)
        return new SpillError({
          directory,
          reason:
            cause instanceof TooFull || noRoom.has(codeOf(cause))
              ? { _tag: "Full", detail }
              : { _tag: "Failed", detail }
        })
      }
    })

  const pathOf = (transaction: OpenTransaction) => join(directory, `${transaction.xid}${suffix}`)

  const clear = async () => {
    const names = (await readdir(directory)).filter((name) => name.endsWith(suffix))
    await Promise.all(names.map((name) => rm(join(directory, name), { force: true })))
    return names.length
  }

  const reserve = async (bytes: number) => {
    const free = await freeBytes(directory)
    if (free - bytes < minimumFree) {
      throw new TooFull(`${free} bytes are free, ${minimumFree} must stay so`)
    }
  }

  const fileOf = (transaction: OpenTransaction) =>
    Effect.suspend(() => {
      const file = files.get(transaction)
      return file === undefined
        ? Effect.die(new Error(`transaction ${transaction.xid} was never spilled`))
        : Effect.succeed(file)
    })

  // The values of other people's tables: for this user only.
  yield* attempt(() => mkdir(directory, { recursive: true, mode: 0o700 }))
  const leftovers = yield* attempt(clear)
  if (leftovers > 0) yield* Effect.logInfo(`deleted ${leftovers} spill files of a process that died`)

  yield* Effect.addFinalizer(() =>
    attempt(async () => {
      await Promise.all([...files.values()].map((file) => file.close()))
      files.clear()
      await clear()
    }).pipe(Effect.catch((error) => Effect.logWarning(error.message)))
  )

  return {
    append: (transaction) =>
      attempt(async () => {
        if (transaction.heldChanges === 0) return
        let file = files.get(transaction)
        if (file === undefined) {
          file = new SpillFile(await open(pathOf(transaction), "w+", 0o600), scratch)
          files.set(transaction, file)
        }
        await file.append(transaction.segments, reserve)
        // A scope must not close under a write.
      }).pipe(Effect.uninterruptible),
    count: (transaction) =>
      transaction.abortedOnDisk.size === 0
        ? Effect.succeed(transaction.spilledChanges)
        : Effect.flatMap(fileOf(transaction), (file) => attempt(() => file.count(transaction.abortedOnDisk))),
    read: (transaction, cutter) =>
      Effect.map(fileOf(transaction), (file) => {
        const reader = file.read()
        return attempt(() => reader.nextChunk(cutter, transaction.abortedOnDisk))
      }),
    remove: (transaction) =>
      attempt(async () => {
        const file = files.get(transaction)
        files.delete(transaction)
        await file?.close()
        await rm(pathOf(transaction), { force: true })
      }),
    bytes: () => {
      let bytes = 0
      for (const file of files.values()) bytes += file.size
      return bytes
    }
  }
})
