import { Effect, Stream } from "effect"
import * as Cause from "effect/Cause"
import type { Change } from "../../domain/Change.ts"
import type { SeqRange } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { LogError } from "../LogError.ts"
import { OutOfRange } from "./Fetcher.ts"
import { attempt, kafkaError } from "./KafkaFault.ts"
import { type KafkaLog, readFrom } from "./KafkaLog.ts"
import type { PartitionRecord } from "./PartitionMerge.ts"
import type { PartitionReader } from "./PartitionReader.ts"
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
}

const damaged = ({ partition, offset }: PartitionRecord, thrown: unknown): LogError => {
  if (!(thrown instanceof RangeError || thrown instanceof SyntaxError)) throw thrown
  // Not the message of a SyntaxError: it quotes the text.
  const why = thrown instanceof RangeError ? thrown.message : "its value is no JSON"
  return kafkaError({ _tag: "Corrupt", detail: `partition ${partition}, offset ${offset}: ${why}` })
}

/** The next record; one that was put back comes first. */
class Records {
  readonly #reader: PartitionReader
  #back: PartitionRecord | undefined

  constructor(reader: PartitionReader) {
    this.#reader = reader
  }

  take(untilSeq: number): PartitionRecord | undefined {
    const back = this.#back
    this.#back = undefined
    if (back !== undefined) return back
    return this.#reader.expected.seq < untilSeq ? this.#reader.take() : undefined
  }

  get hasBack(): boolean {
    return this.#back !== undefined
  }

  putBack(record: PartitionRecord): void {
    this.#back = record
  }
}

/** Opens records up to a transaction (exclusive), until there is none at hand or the page is full. */
const takePage = (
  log: KafkaLog,
  records: Records,
  from: Position,
  untilSeq: number
): ReadonlyArray<ArchivedChunk> | LogError => {
  const { relations } = log.state.meta
  const relationOf = (fingerprint: string) => relations.get(fingerprint)
  const page: Array<OpenChunk> = []
  let [changes, bytes] = [0, 0]
  let chunk: OpenChunk | undefined
  while (changes < pageChanges && bytes < pageBytes) {
    const record = records.take(untilSeq)
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
      records.putBack(record)
      return page.some((each) => each.changes.length > 0) ? whole(page) : damaged(record, thrown)
    }
    chunk.last = ordinal + 1 === count
    chunk.bytes += value.length
    changes++
    bytes += value.length
  }
  return page
}

/** Without the chunk that was begun for a record which could not be opened. */
const whole = (page: ReadonlyArray<OpenChunk>) => page.filter(({ changes }) => changes.length > 0)

/** `Archive.read`: a reader of its own for each stream, which goes with it. */
export const readLog = (
  log: KafkaLog,
  from: Position,
  end: SeqRange["end"]
): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> => {
  const { state, options } = log
  const start = from.seq < 1 ? { seq: 1, ordinal: 0 } : from
  const stop = end ?? Number.POSITIVE_INFINITY
  const missing = (seq: number) =>
    kafkaError({ _tag: "Missing", from: seq, until: Math.min(state.firstSeq, stop) })

  /** What must be there did not come: retention has removed it, or it never was there. */
  const look = Effect.fnUntraced(function* (reader: PartitionReader, isLast: boolean) {
    const { starts } = yield* attempt(options.topic, () => reader.edges())
    state.setStarts(starts)
    const { seq } = reader.expected
    if (seq < state.firstSeq) return yield* missing(seq)
    if (!isLast) return
    const detail = `transaction ${seq} is not in topic ${options.topic}, though a later one is`
    return yield* kafkaError({ _tag: "Corrupt", detail })
  })

  const makePull = (reader: PartitionReader) => {
    const records = new Records(reader)
    let misses = 0
    let isRefreshed = false
    return Effect.gen(function* () {
      for (;;) {
        const { seq } = reader.expected
        if (seq >= stop && !records.hasBack) return yield* Cause.done()
        const changed = state.changed.next
        if (seq < state.firstSeq) return yield* missing(seq)
        if (seq >= state.nextSeq && !records.hasBack) {
          yield* changed
          continue
        }
        const page = takePage(log, records, start, Math.min(state.nextSeq, stop))
        if (page instanceof LogError) {
          // Its schema version may have been stored only just now.
          if (isRefreshed) return yield* page
          isRefreshed = true
          yield* attempt(options.topic, () => log.meta.refresh())
          continue
        }
        isRefreshed = false
        if (page.length > 0) return [page] as const
        if (reader.expected.seq >= state.nextSeq || reader.expected.seq >= stop) continue
        const came = yield* attempt(options.topic, () =>
          reader.fill(patienceMs).catch((thrown: unknown) => {
            if (thrown instanceof OutOfRange) return false
            throw thrown
          })
        )
        misses = came ? 0 : misses + 1
        if (!came) yield* look(reader, misses >= tries)
      }
    })
  }

  return Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const first = Math.max(start.seq, state.firstSeq)
          return readFrom(log, state.meta.places.before(first), { seq: start.seq, ordinal: 0 })
        }),
        (reader) => Effect.promise(() => reader.close())
      ),
      (reader) => Stream.fromPull(Effect.succeed(makePull(reader)))
    )
  )
}
