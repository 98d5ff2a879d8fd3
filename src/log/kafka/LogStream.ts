import { Effect, Stream } from "effect"
import * as Cause from "effect/Cause"
import type { Change } from "../../domain/Change.ts"
import type { ReadHints, SeqRange } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { LogError } from "../LogError.ts"
import { OutOfRange } from "./Fetcher.ts"
import { attempt, kafkaError } from "./KafkaFault.ts"
import type { KafkaLog } from "./KafkaLog.ts"
import { LogCursor } from "./LogCursor.ts"
import type { PartitionRecord } from "./PartitionMerge.ts"
import { changeOf, commitOf, openRecord } from "./RecordDecoder.ts"

/** How many changes, and about how many bytes, one element of the stream has. */
const pageChanges = 1000
const pageBytes = 1024 * 1024
/** How long a fetch waits for what must be there, in ms, and how often it is tried before it counts as a gap. */
const patienceMs = 500
const tries = 4

interface OpenChunk extends ArchivedChunk {
  readonly changes: Array<Change>
  last: boolean
  bytes: number
  hints?: ReadHints
}

const damaged = ({ partition, offset }: PartitionRecord, thrown: unknown): LogError => {
  if (!(thrown instanceof RangeError || thrown instanceof SyntaxError)) throw thrown
  // Not the message of a SyntaxError: it quotes the text.
  const why = thrown instanceof RangeError ? thrown.message : "its value is no JSON"
  return kafkaError({ _tag: "Corrupt", detail: `partition ${partition}, offset ${offset}: ${why}` })
}

/** Opens records up to a transaction (exclusive), until there is none at hand or the page is full. */
const takePage = (
  log: KafkaLog,
  cursor: LogCursor,
  from: Position,
  untilSeq: number
): ReadonlyArray<ArchivedChunk> | LogError => {
  const { relations } = log.state.meta
  const relationOf = (fingerprint: string) => relations.get(fingerprint)
  const page: Array<OpenChunk> = []
  let [changes, bytes] = [0, 0]
  let chunk: OpenChunk | undefined
  let last: PartitionRecord | undefined
  while (changes < pageChanges && bytes < pageBytes) {
    const record = cursor.take(untilSeq)
    if (record === undefined) break
    const { seq, ordinal, count, value } = record
    if (seq === from.seq && ordinal < from.ordinal) continue
    try {
      const opened = openRecord(value)
      if (chunk === undefined || chunk.seq !== seq) {
        const { incarnation } = record
        const commit = commitOf(opened)
        chunk = { seq, incarnation, commit, firstOrdinal: ordinal, changes: [], last: false, bytes: 0 }
        page.push(chunk)
      }
      chunk.changes.push(changeOf(opened, relationOf))
    } catch (thrown) {
      cursor.putBack(record)
      return page.some((each) => each.changes.length > 0) ? whole(page) : damaged(record, thrown)
    }
    chunk.last = ordinal + 1 === count
    chunk.bytes += value.length
    changes++
    bytes += value.length
    last = record
  }
  if (chunk !== undefined && last !== undefined) chunk.hints = cursor.hintsAfter(last)
  return page
}

/** Without the chunk that was begun for a record which could not be opened. */
const whole = (page: ReadonlyArray<OpenChunk>) => page.filter(({ changes }) => changes.length > 0)

/** `Archive.read`: a reader of its own for each stream, which goes with it. */
export const readLog = (
  log: KafkaLog,
  from: Position,
  end: SeqRange["end"],
  hints: ReadHints = {}
): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> => {
  const { state, options } = log
  const start = from.seq < 1 ? { seq: 1, ordinal: 0 } : from
  const stop = end ?? Number.POSITIVE_INFINITY
  const missing = (seq: number) =>
    kafkaError({ _tag: "Missing", from: seq, until: Math.min(state.firstSeq, stop) })

  /** What must be there did not come: retention has removed it, or it never was there. */
  const look = Effect.fnUntraced(function* (cursor: LogCursor, isLast: boolean) {
    const { starts } = yield* attempt(options.topic, () => cursor.edges())
    state.setStarts(starts)
    const { seq } = cursor.expected
    if (seq < state.firstSeq) return yield* missing(seq)
    if (!isLast) return
    const detail = `transaction ${seq} is not in topic ${options.topic}, though a later one is`
    return yield* kafkaError({ _tag: "Corrupt", detail })
  })

  const makePull = (cursor: LogCursor) => {
    let misses = 0
    let isRefreshed = false
    return Effect.gen(function* () {
      for (;;) {
        const { seq } = cursor.expected
        if (seq >= stop && !cursor.hasBack) return yield* Cause.done()
        const changed = state.changed.next
        if (seq < state.firstSeq) return yield* missing(seq)
        if (seq >= state.nextSeq && !cursor.hasBack) {
          yield* changed
          continue
        }
        const page = takePage(log, cursor, start, Math.min(state.nextSeq, stop))
        if (page instanceof LogError) {
          // Its schema version may have been stored only just now.
          if (isRefreshed) return yield* page
          isRefreshed = true
          yield* attempt(options.topic, () => log.meta.refresh())
          continue
        }
        isRefreshed = false
        if (page.length > 0) return [page] as const
        if (cursor.expected.seq >= state.nextSeq || cursor.expected.seq >= stop) continue
        const came = yield* attempt(options.topic, () =>
          cursor.fill(patienceMs).catch((thrown: unknown) => {
            if (thrown instanceof OutOfRange) return false
            throw thrown
          })
        )
        if (!came && (yield* Effect.promise(() => cursor.distrust()))) continue
        misses = came ? 0 : misses + 1
        if (!came) yield* look(cursor, misses >= tries)
      }
    })
  }

  return Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new LogCursor(log, start, hints)),
        (cursor) => Effect.promise(() => cursor.close())
      ),
      (cursor) => Stream.fromPull(Effect.succeed(makePull(cursor)))
    )
  )
}
