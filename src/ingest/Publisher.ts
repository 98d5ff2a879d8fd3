import { Clock, Effect, Fiber, PubSub, Schedule, SubscriptionRef } from "effect"
import { operations as allOperations, type Operation } from "../domain/Change.ts"
import { type Micros, microsFromMillis } from "../domain/Micros.ts"
import { packedOf } from "../domain/PackedChunk.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import type { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import { SpillGauge } from "../log/SpillGauge.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { coverageStartsOf } from "./CoverageStarts.ts"
import type { Frontier } from "./Frontier.ts"
import type { Handoff, HandoffItem } from "./Handoff.ts"
import { IngestState } from "./IngestState.ts"
import type { LiveQueue } from "./LiveQueue.ts"
import type { Sequencer } from "./Sequencer.ts"

export interface PublisherOptions {
  readonly archive: Archive["Service"]
  readonly sequencer: Sequencer
  readonly frontier: Frontier
  readonly handoff: Handoff
  readonly live: LiveQueue
}

/** What takes longer is told: nothing is wrong with the capture, and nothing moves. */
const patienceMillis = 5000

interface Numbered {
  readonly items: ReadonlyArray<HandoffItem>
  readonly chunks: ReadonlyArray<ArchivedChunk>
  readonly changes: number
  readonly bytes: number
  readonly empty: number
  readonly operations: Readonly<Record<Operation, number>>
  /** Transactions that end in this batch. */
  readonly completed: ReadonlyArray<ArchivedChunk>
}

/** Gives the batch its numbers and its place in the frontier. Non-transactional messages are left out. */
const number = (
  items: ReadonlyArray<HandoffItem>,
  { sequencer, frontier }: Pick<PublisherOptions, "sequencer" | "frontier">
): Numbered => {
  const chunks: Array<ArchivedChunk> = []
  const completed: Array<ArchivedChunk> = []
  let changes = 0
  let bytes = 0
  let empty = 0
  const operations = { insert: 0, update: 0, delete: 0, truncate: 0, message: 0 }
  for (const item of items) {
    switch (item._tag) {
      case "Chunk": {
        const chunk = sequencer.number(item.chunk)
        if (chunk === undefined) break
        chunks.push(chunk)
        const packed = packedOf(chunk)
        changes += packed.count
        for (const operation of allOperations) operations[operation] += packed.operations[operation]
        bytes += chunk.bytes
        if (chunk.last) {
          completed.push(chunk)
          const { commitLsn, endLsn, commitTime } = chunk.commit
          frontier.begin(chunk.seq, commitLsn, endLsn, commitTime)
        }
        break
      }
      case "Empty":
        empty++
        frontier.pass(item.endLsn, item.commitTime)
        break
      case "Idle":
        frontier.pass(item.endLsn, null)
        break
      case "Message":
        break
    }
  }
  return { items, chunks, changes, bytes, empty, operations, completed }
}

/**
 * Takes what is assembled, batch by batch, and makes it durable: one append outstanding, while the next batch
 * collects and, if all of one is there, is told to the archive to be made ready. Ends when the handoff has ended. An archive that does not answer is asked again for ever: PostgreSQL
 * keeps what it was not told to forget. One that contradicts us ends it.
 */
export const publish: (options: PublisherOptions) => Effect.Effect<void, LogError, IngestState> =
  Effect.fnUntraced(function* (options) {
    const { archive, frontier, handoff, live } = options
    const state = yield* IngestState
    const spill = yield* SpillGauge

    let blocked = false
    /** Since when the archive has not taken what it was given, in ms; null when it has all. */
    let waits: number | null = null
    const block = Effect.fnUntraced(function* (message: string, fix: string | null) {
      if (!blocked)
        yield* Effect.logWarning(`capture waits: ${message}${fix === null ? "" : `. What to do: ${fix}`}`)
      blocked = true
      yield* SubscriptionRef.set(state.phase, { _tag: "Blocked", message, fix })
    })

    const append = Effect.fnUntraced(function* (chunks: ReadonlyArray<ArchivedChunk>) {
      const begun = yield* Clock.currentTimeMillis
      waits = begun
      yield* archive.append(chunks).pipe(
        Effect.tapError((error) => {
          if (!error.isRetryable) return Effect.void
          state.update((figures) => ({ archiveRetries: figures.archiveRetries + 1 }))
          return block(error.message, error.fix)
        }),
        Effect.retry({ schedule: reconnect, while: (error) => error.isRetryable })
      )
      waits = null
      state.timings.append.observe(((yield* Clock.currentTimeMillis) - begun) / 1000)
      if (!blocked) return
      blocked = false
      yield* Effect.logInfo("capture goes on: the archive has taken what waited")
      yield* SubscriptionRef.set(state.phase, { _tag: "Capturing" })
    })

    /** An archive whose client tries for ever never says no: somebody has to tell that it takes nothing. */
    const watch = Effect.gen(function* () {
      if (blocked || waits === null || (yield* Clock.currentTimeMillis) - waits < patienceMillis) return
      yield* block(
        `the archive (${archive.kind}) has taken nothing for ${patienceMillis / 1000} s`,
        "see that its servers run and are reached from here; the source keeps its WAL until then, and capture goes on by itself"
      )
    }).pipe(Effect.repeat(Schedule.spaced("1 second")))

    /** The next batch, where it was taken while an append was under way. */
    let ahead: Numbered | undefined
    const lookAhead = Effect.gen(function* () {
      if (archive.prepare === undefined) return
      yield* handoff.whole
      // From here to `ahead` nothing can come between: what is taken must not be lost.
      const taken = number(handoff.takeNow(), options)
      ahead = taken
      yield* archive.prepare(taken.chunks)
    })
    const next = Effect.suspend(() => {
      const taken = ahead
      ahead = undefined
      return taken === undefined
        ? Effect.map(handoff.take, (items) => number(items, options))
        : Effect.succeed(taken)
    })

    const work = Effect.gen(function* () {
      for (;;) {
        const { items, chunks, changes, bytes, empty, operations, completed } = yield* next
        if (items.length === 0) return
        if (chunks.length > 0) {
          const looking = yield* Effect.forkChild(lookAhead)
          yield* append(chunks)
          yield* Fiber.interrupt(looking)
          for (const chunk of completed) frontier.settle(chunk.seq)
          if (spill.read()?.since == null) live.append(chunks, bytes)
          else live.withhold(chunks)
        }
        let messages = 0
        for (const item of items) {
          if (item._tag !== "Message") continue
          messages++
          PubSub.publishUnsafe(state.messages, item)
        }
        const starts = coverageStartsOf(chunks)
        if (starts.length > 0) {
          yield* SubscriptionRef.update(state.coverageStarts, (known) => [...known, ...starts])
        }
        const newest = completed.at(-1)?.commit.commitTime
        const now = microsFromMillis(yield* Clock.currentTimeMillis)
        const age = (time: Micros) => Math.max(0, now - time) / 1_000_000
        for (const { commit } of completed) state.timings.latency.observe(age(commit.commitTime))
        state.update((figures) => ({
          seq: frontier.mark.seq,
          frontier: frontier.endLsn,
          transactions: figures.transactions + completed.length,
          changes: figures.changes + changes,
          operations: {
            insert: figures.operations.insert + operations.insert,
            update: figures.operations.update + operations.update,
            delete: figures.operations.delete + operations.delete,
            truncate: figures.operations.truncate + operations.truncate,
            message: figures.operations.message + operations.message
          },
          bytes: figures.bytes + bytes,
          emptyTransactions: figures.emptyTransactions + empty,
          messages: figures.messages + messages,
          ...(newest === undefined ? {} : { lastCommitTime: newest, latencySeconds: age(newest) })
        }))
      }
    })
    yield* Effect.raceFirst(work, watch)
  })
