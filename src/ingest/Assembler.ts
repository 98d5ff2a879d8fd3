import { Effect, Schedule, type Scope } from "effect"
import { changeCount } from "../domain/Transaction.ts"
import { AssemblerState, type SpilledTransaction } from "./AssemblerState.ts"
import { ChunkCutter } from "./ChunkCutter.ts"
import type { ReplicationMessage } from "./ReplicationMessage.ts"
import { type ChunkLimits, chunkLimits } from "./Segment.ts"
import { SequenceError } from "./SequenceError.ts"
import type { SourceItem } from "./SourceItem.ts"
import type { SpillError } from "./SpillError.ts"
import { makeSpillStore } from "./SpillStore.ts"

export interface AssemblerOptions {
  /** Where transactions in progress go past the budget. This assembler's alone: it deletes what it finds there. */
  readonly spillDirectory: string
  /** Over all open transactions, as an estimate of the memory they take. 8 MiB if not given. */
  readonly memoryBytes?: number
  /** Bytes that spilling leaves free on its file system. 256 MiB if not given. */
  readonly minimumFree?: number
  /** How many are free; asks the file system if not given. */
  readonly freeBytes?: (directory: string) => Promise<number>
  /** Called at each try that finds no room; a warning in the log if not given. */
  readonly onFull?: (error: SpillError) => Effect.Effect<void>
  readonly limits?: ChunkLimits
}

export interface AssemblerStats {
  readonly openTransactions: number
  /** What open transactions take in memory, an estimate in bytes. */
  readonly memoryBytes: number
  readonly spilledBytes: number
  /** Capture stands still because the disk has no room. */
  readonly waitsForDisk: boolean
}

/** The way from protocol messages to committed transactions. */
export interface Assembler {
  /**
   * Takes a connection's messages, in order, and gives what they complete to `emit`, in commit order and in batches
   * of about a chunk's size, each after the one before was taken. Returns when all is given and memory is within the
   * budget: a slow `emit`, or a full disk, holds the reader back. One call at a time.
   *
   * After a failure it is of no more use: a new one belongs to the next connection, to which the server sends every
   * unconfirmed transaction again.
   */
  readonly assemble: <E, R>(
    messages: ReadonlyArray<ReplicationMessage>,
    emit: (items: ReadonlyArray<SourceItem>) => Effect.Effect<void, E, R>
  ) => Effect.Effect<void, E | SpillError | SequenceError, R>
  /**
   * Whether a transaction is open or a call of `assemble` has not returned. A keepalive's LSN may be confirmed only
   * if not (and if nothing waits before the assembler, and all it gave is durable).
   */
  readonly inFlight: () => boolean
  readonly stats: () => AssemblerStats
}

const mebibyte = 1024 * 1024
const fullRetry = Schedule.spaced("1 second")

export const makeAssembler = Effect.fnUntraced(function* (
  options: AssemblerOptions
): Effect.fn.Return<Assembler, SpillError, Scope.Scope> {
  const budget = options.memoryBytes ?? 8 * mebibyte
  const limits = options.limits ?? chunkLimits
  const onFull = options.onFull ?? ((error: SpillError) => Effect.logWarning(error.message))
  const store = yield* makeSpillStore({
    directory: options.spillDirectory,
    minimumFree: options.minimumFree ?? 256 * mebibyte,
    ...(options.freeBytes === undefined ? {} : { freeBytes: options.freeBytes })
  })
  const state = new AssemblerState(limits)
  let running = false
  let waitsForDisk = false

  const push = (messages: ReadonlyArray<ReplicationMessage>) =>
    Effect.try({
      try: () => state.push(messages),
      catch: (cause) => {
        if (cause instanceof SequenceError) return cause
        throw cause
      }
    })

  /** Moves the largest transactions to disk until the others fit. A full disk is waited for, and said. */
  const relieve = Effect.gen(function* () {
    while (state.weight > budget) {
      const { largest } = state
      if (largest === null) return
      yield* store.append(largest).pipe(
        Effect.tapError((error) => {
          waitsForDisk = error.isRetryable
          return error.isRetryable ? onFull(error) : Effect.void
        }),
        Effect.retry({ while: (error) => error.isRetryable, schedule: fullRetry })
      )
      waitsForDisk = false
      state.spilled(largest)
    }
  })

  const emitSpilled = Effect.fnUntraced(function* <E, R>(
    { commit, transaction }: SpilledTransaction,
    emit: (items: ReadonlyArray<SourceItem>) => Effect.Effect<void, E, R>
  ) {
    const count = (yield* store.count(transaction)) + transaction.heldChanges
    if (count === 0) {
      yield* emit([{ _tag: "Empty", endLsn: commit.endLsn, commitTime: commit.commitTime }])
    } else {
      const cutter = new ChunkCutter({ ...commit, count }, limits)
      const next = yield* store.read(transaction, cutter)
      for (let chunk = yield* next; chunk !== null; chunk = yield* next)
        yield* emit([{ _tag: "Chunk", chunk }])
      for (const segment of transaction.segments) {
        const chunk = cutter.add(segment)
        if (chunk !== null) yield* emit([{ _tag: "Chunk", chunk }])
      }
      const chunk = cutter.finish()
      if (chunk !== null) yield* emit([{ _tag: "Chunk", chunk }])
    }
    yield* store.remove(transaction)
  })

  const assemble: Assembler["assemble"] = Effect.fnUntraced(function* (messages, emit) {
    let batch: Array<SourceItem> = []
    let changes = 0
    let bytes = 0
    for (const item of yield* push(messages)) {
      if (item._tag === "Aborted") {
        yield* store.remove(item.transaction)
        continue
      }
      if (item._tag !== "Spilled") {
        batch.push(item)
        changes += item._tag === "Chunk" ? changeCount(item.chunk) : 1
        bytes += item._tag === "Chunk" ? item.chunk.bytes : 0
        if (changes < limits.changes && bytes < limits.bytes) continue
      }
      if (batch.length > 0) yield* emit(batch)
      batch = []
      changes = 0
      bytes = 0
      if (item._tag === "Spilled") yield* emitSpilled(item, emit)
    }
    if (batch.length > 0) yield* emit(batch)
    if (state.weight > budget) yield* relieve
  })

  return {
    assemble: (messages, emit) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          running = true
        }),
        () => assemble(messages, emit),
        () =>
          Effect.sync(() => {
            running = false
          })
      ),
    inFlight: () => running || state.isOpen,
    stats: () => ({
      openTransactions: state.openTransactions,
      memoryBytes: state.weight,
      spilledBytes: store.bytes(),
      waitsForDisk
    })
  }
})
