import { Clock, type Duration, Effect, Stream } from "effect"
import type { Mark } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { reconnect } from "../../runtime/RetryPolicy.ts"
import type { Archive, ArchiveTail } from "../Archive.ts"
import { positionAfter } from "../ChunkSlice.ts"
import { LogError } from "../LogError.ts"
import type { SpillLog } from "./SpillLog.ts"
import type { SpillState } from "./SpillState.ts"
import { drainedMark, named, standingOf } from "./Standing.ts"

/** One append to the archive, in bytes: capture's batches may be small, and each costs an answer. */
const batchBytes = 2 * 1024 * 1024
const markEveryMillis = 1000
/** A pass that is shorter leaves so little that capture can wait for the rest of it. */
const shortMillis = 500

export interface DrainOptions {
  readonly primary: Archive["Service"]
  readonly log: SpillLog
  readonly state: SpillState
  /** How long the archive may take for the rest, while capture waits. */
  readonly patience: Duration.Input
}

const stalled = new LogError({
  store: "archive",
  reason: { _tag: "Unavailable", detail: "it has stopped taking what the spill has" }
})

const newer = (a: Mark | null, b: Mark | null): Mark | null => {
  if (a === null || b === null) return a ?? b
  return a.seq > b.seq || (a.seq === b.seq && a.endLsn > b.endLsn) ? a : b
}

/** Gives the archive what the spill has, in order, whenever the spill leads and the archive answers. Never ends by itself. */
export const keepDraining = ({ primary, log, state, patience }: DrainOptions): Effect.Effect<never> => {
  /** Whole transactions from a position up to the spill's end as it is now; where the archive then goes on. */
  const pass = Effect.fnUntraced(function* (from: Position, tail: ArchiveTail) {
    const end = log.nextSeq()
    let at = from
    let waiting: Array<ArchivedChunk> = []
    let bytes = 0
    let markedAt = yield* Clock.currentTimeMillis
    let marked: Mark | null = null
    const flush = Effect.fnUntraced(function* () {
      const chunks = waiting
      const last = chunks.at(-1)
      if (last === undefined) return
      waiting = []
      bytes = 0
      yield* primary.append(chunks)
      state.gave(chunks)
      at = positionAfter(last)
      const now = yield* Clock.currentTimeMillis
      const whole = chunks.findLast((chunk) => chunk.last)
      if (whole === undefined || now - markedAt < markEveryMillis) return
      markedAt = now
      marked = drainedMark(whole, tail.mark?.partitions ?? 1)
      yield* primary.writeMark(named(marked, log.name))
      // The last one stays: it shows after a crash that the archive's is the same.
      yield* log.forget(at.seq - 1)
    })
    if (at.seq < end) {
      yield* Stream.runForEach(log.read(at, end), (chunks) => {
        waiting.push(...chunks)
        for (const chunk of chunks) bytes += chunk.bytes
        return bytes < batchBytes ? Effect.void : flush()
      })
      yield* flush()
    }
    return { at, marked }
  })

  /** With appends held up: the rest, then the mark, then the archive leads again. Says whether it does. */
  const finish = Effect.fnUntraced(function* (from: Position, tail: ArchiveTail, marked: Mark | null) {
    const rest = yield* pass(from, tail)
    const { incarnations, last, mark } = log.tail()
    if (last !== null && !last.complete && rest.at.seq <= last.position.seq) return false
    const newest = newer(newer(newer(tail.mark, marked), rest.marked), mark)
    if (newest !== null) yield* primary.writeMark(named(newest, log.name))
    state.known = { mark: newest, incarnations, last }
    state.isNamed = newest !== null
    return true
  })

  /** Within the turn: from here on the archive leads. */
  const clear = Effect.fnUntraced(function* (how: string) {
    yield* log.clear
    state.holdsNothing()
    state.since = null
    yield* Effect.logInfo(`the archive leads again: ${how}; the spill ${log.file} is empty`)
  })

  const catchUp = Effect.fnUntraced(function* (from: Position, tail: ArchiveTail) {
    const begun = yield* Clock.currentTimeMillis
    yield* state.holdsFrom(from.seq)
    const { transactions } = state.figures
    yield* Effect.logInfo(`the archive is back: it is given ${transactions} transactions of the spill`)
    let at = from
    let marked = tail.mark
    let before = Number.POSITIVE_INFINITY
    /** Whether the spill ended with a whole transaction: the middle of one is no place to change over. */
    const handOver = Effect.gen(function* () {
      const isWhole = yield* Effect.timeoutOrElse(finish(at, tail, marked), {
        duration: patience,
        orElse: () => Effect.fail(stalled)
      })
      if (!isWhole) return false
      const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000
      yield* clear(`it has all that waited, after ${seconds.toFixed(1)} s`)
      return true
    })
    for (;;) {
      const start = yield* Clock.currentTimeMillis
      const done = yield* pass(at, tail)
      at = done.at
      marked = newer(marked, done.marked)
      const took = (yield* Clock.currentTimeMillis) - start
      // When capture is as quick as the archive it has to wait once, or there would be no end.
      if (took >= shortMillis && took < before) {
        before = took
        continue
      }
      if (yield* state.turn.withPermit(handOver)) return
      yield* Effect.sleep("200 millis")
    }
  })

  /** What the archive already has must be what the spill has: it is shown the last of it, which stores nothing. */
  const checkSame = Effect.gen(function* () {
    const { last } = log.ends()
    if (last === null || log.ends().base?.position.seq === last.position.seq) return
    const seq = last.complete ? last.position.seq : last.position.seq - 1
    const { base } = log.ends()
    if (base !== null && seq <= base.position.seq) return
    yield* log.read({ seq, ordinal: 0 }, seq + 1).pipe(
      Stream.take(1),
      Stream.runForEach((chunks) => primary.append(chunks))
    )
  })

  const step = Effect.gen(function* () {
    const began = state.began.next
    if (!log.leads()) {
      yield* log.forget(0)
      return yield* began
    }
    const tail = yield* primary.recover
    state.isNamed = tail.mark?.spill?.id === log.name.id
    const standing = standingOf(tail, log.ends(), state.isNamed || state.isHeld, log.file)
    switch (standing._tag) {
      case "Covered": {
        yield* checkSame
        const isOurs = state.isNamed || state.isHeld
        yield* state.turn.withPermit(
          Effect.gen(function* () {
            // Capture may have gone on meanwhile.
            if (standingOf(tail, log.ends(), true, log.file)._tag !== "Covered") return
            if (isOurs) {
              const newest = newer(tail.mark, log.tail().mark)
              if (newest !== null) yield* primary.writeMark(named(newest, log.name))
              state.isNamed = newest !== null
              state.known = { ...tail, mark: newest }
            } else state.known = null
            yield* clear("it had all of the spill")
          })
        )
        return state.answered(null)
      }
      case "Behind":
        state.answered(null)
        state.drains = true
        return yield* catchUp(standing.from, tail)
      case "Overtaken":
        return yield* new LogError({
          store: "spill",
          reason: {
            _tag: "Unavailable",
            detail: `another ingestor has gone on with the archive; ${log.file} is kept until that has all of it`
          }
        })
      case "Apart":
        return yield* new LogError({ store: "spill", reason: standing.reason })
    }
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        state.drains = false
      })
    )
  )

  /** An archive that is away is no trouble: that is what the spill is for. */
  const told = (error: LogError) => {
    if (error.isRetryable && error.store !== "spill") return Effect.void
    const isNews = state.trouble?.message !== error.message
    state.answered(error)
    return isNews ? Effect.logError(`the spill cannot be drained: ${error.message}`) : Effect.void
  }
  return step.pipe(Effect.tapError(told), Effect.retry(reconnect), Effect.orDie, Effect.forever)
}
