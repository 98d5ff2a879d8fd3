import { Clock, Effect, Semaphore } from "effect"
import type { Incarnation, Mark } from "../../domain/Log.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { ArchiveTail } from "../Archive.ts"
import type { LogError } from "../LogError.ts"
import { nextMark } from "../MarkRules.ts"
import { beginsWrongly, continueTail, contradiction, sameIncarnation } from "../Tail.ts"
import { type Batch, BatchPlan } from "./BatchPlan.ts"
import type { Intervals } from "./Intervals.ts"
import { attempt, kafkaError } from "./KafkaFault.ts"
import type { KafkaLog } from "./KafkaLog.ts"
import { conflict } from "./LogState.ts"
import { fromIncarnation, fromMark, fromPlace, fromRelation } from "./MetaCodec.ts"
import { encodeMeta, type MetaEntry, metaKey, placeKey } from "./MetaEntries.ts"
import type { Place } from "./Place.ts"
import { RecordEncoder } from "./RecordEncoder.ts"
import { relationsOf } from "./Relations.ts"
import { type Message, partitionOfKey, type Sender } from "./Sender.ts"
import { type FoundTail, scanTail } from "./TailScan.ts"
import { metaTopic } from "./Topics.ts"

const defaultIndexChanges = 20_000

export interface KafkaWriterOptions {
  readonly log: KafkaLog
  readonly intervals: Intervals
  readonly sender: Sender
  readonly tail: FoundTail
  /** How many bytes one partition takes at once. */
  readonly batchBytes: number
}

/** Everything that changes the topics. One thing at a time: appends and marks are one sequence. */
export class KafkaWriter {
  readonly #log: KafkaLog
  readonly #intervals: Intervals
  readonly #sender: Sender
  readonly #encoder: RecordEncoder
  readonly #batchBytes: number
  readonly #turn = Semaphore.makeUnsafe(1)
  readonly #writerId = crypto.randomUUID().slice(0, 8)
  #tail: FoundTail
  /** Where each partition ends. */
  #offsets: Array<number>
  /** Where all begins that is stored of transactions that are not whole. */
  #whole: ReadonlyArray<number>
  /** Whether something was sent whose outcome is not known. */
  #isUnsettled = false
  /** What goes along with the next send. */
  #waiting: Array<Message> = []

  constructor({ log, intervals, sender, tail, batchBytes }: KafkaWriterOptions) {
    this.#log = log
    this.#intervals = intervals
    this.#sender = sender
    this.#batchBytes = batchBytes
    this.#encoder = new RecordEncoder(log.options.source)
    this.#tail = tail
    this.#offsets = [...tail.ends]
    this.#whole = tail.whole
  }

  /** Reads what is stored, by identity, after a send whose outcome is not known. */
  readonly #settle = Effect.fnUntraced({ self: this }, function* (): Effect.fn.Return<void, LogError> {
    if (!this.#isUnsettled) return
    const log = this.#log
    this.#intervals.clear()
    yield* attempt(log.options.topic, () => log.meta.refresh())
    this.#tail = yield* attempt(log.options.topic, () => scanTail(log))
    this.#offsets = [...this.#tail.ends]
    this.#whole = this.#tail.whole
    this.#isUnsettled = false
  })

  /** Nothing else is under way, and what is stored is known, when `work` runs. */
  #alone<A>(work: Effect.Effect<A, LogError>): Effect.Effect<A, LogError> {
    const { state } = this.#log
    return this.#turn.withPermit(
      Effect.andThen(
        this.#settle(),
        Effect.suspend(() => state.lost ?? work)
      )
    )
  }

  /** Fails, or is interrupted, with an unknown outcome. */
  readonly #send = Effect.fnUntraced(
    { self: this },
    function* (messages: ReadonlyArray<Message>): Effect.fn.Return<ReadonlyMap<string, number>, LogError> {
      const along = this.#waiting
      this.#waiting = []
      return yield* this.#sender.send([...messages, ...along]).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            this.#isUnsettled ||= exit._tag === "Failure"
          })
        )
      )
    }
  )

  #message(key: string, entry: MetaEntry | null, now: number): Message {
    const { topic } = this.#log.options
    const value = entry === null ? null : Buffer.from(encodeMeta(entry))
    return { topic: metaTopic(topic), partition: 0, key: Buffer.from(key), value, timestamp: BigInt(now) }
  }

  readonly #sendMeta = Effect.fnUntraced(
    { self: this },
    function* (entries: ReadonlyArray<MetaEntry>): Effect.fn.Return<void, LogError> {
      const now = yield* Clock.currentTimeMillis
      yield* this.#send(entries.map((entry) => this.#message(metaKey(entry), entry, now)))
    }
  )

  /** Chunks that are stored already must be those that are stored; what retention has removed passes. */
  readonly #checkRepeats = Effect.fnUntraced(
    { self: this },
    function* (repeated: ReadonlyArray<ArchivedChunk>): Effect.fn.Return<void, LogError> {
      const { state } = this.#log
      for (const chunk of repeated) {
        if (chunk.seq < state.firstSeq) continue
        const row = yield* this.#intervals.row(chunk.seq)
        const detail = row === undefined ? undefined : contradiction(chunk, row)
        if (detail !== undefined) return yield* conflict(chunk.seq, detail)
      }
    }
  )

  #checkAhead(fresh: ReadonlyArray<ArchivedChunk>): LogError | undefined {
    for (const chunk of fresh) {
      const stored = this.#tail.ahead.commits.get(chunk.seq)
      const detail = stored === undefined ? undefined : contradiction(chunk, stored)
      if (detail !== undefined) return conflict(chunk.seq, detail)
    }
    return undefined
  }

  /** The end of the log, as the port tells it: as it is now, since another process may have been the writer. */
  readonly recover: Effect.Effect<ArchiveTail, LogError> = Effect.suspend(() => {
    this.#isUnsettled = true
    return this.#alone(
      Effect.sync(() => {
        const { meta, last } = this.#log.state
        return { mark: meta.stored?.mark ?? null, incarnations: [...meta.incarnations], last }
      })
    )
  })

  readonly append = (chunks: ReadonlyArray<ArchivedChunk>): Effect.Effect<void, LogError> =>
    this.#alone(this.#append(chunks))

  readonly #append = Effect.fnUntraced(
    { self: this },
    function* (chunks: ReadonlyArray<ArchivedChunk>): Effect.fn.Return<void, LogError> {
      const { state, options } = this.#log
      const { meta } = state
      const continuation = continueTail(state.last, meta.incarnations, chunks)
      if ("detail" in continuation) return yield* conflict(continuation.seq, continuation.detail)
      const { fresh, repeated } = continuation
      if (repeated.length > 0) yield* this.#checkRepeats(repeated)
      const contradicts = this.#checkAhead(fresh)
      if (contradicts !== undefined) return yield* contradicts
      if (fresh.length === 0) return
      const relations = relationsOf(fresh).filter(({ fingerprint }) => !meta.relations.has(fingerprint))
      if (relations.length > 0) {
        yield* this.#sendMeta(relations.map(fromRelation))
        for (const relation of relations) meta.relations.set(relation.fingerprint, relation)
      }
      const plan = new BatchPlan(
        {
          topic: options.topic,
          encoder: this.#encoder,
          epochs: meta.epochs,
          batchBytes: this.#batchBytes,
          writerId: this.#writerId,
          stored: this.#tail.ahead.ids
        },
        state.open
      )
      let logTime = state.baseTime
      for (const chunk of fresh) {
        logTime = Math.max(logTime, chunk.commit.commitTime)
        plan.add(chunk, logTime)
      }
      for (const batch of plan.batches) yield* this.#sendBatch(batch)
    }
  )

  readonly #sendBatch = Effect.fnUntraced({ self: this }, function* (batch: Batch): Effect.fn.Return<
    void,
    LogError
  > {
    const { state, options } = this.#log
    if (batch.messages.length > 0) {
      const first = yield* this.#send(batch.messages)
      const before = [...this.#offsets]
      for (const [key, offset] of first) {
        const partition = partitionOfKey(options.topic, key)
        if (partition === undefined) continue
        this.#isUnsettled ||= offset < (before[partition] ?? 0)
        before[partition] = offset
        this.#offsets[partition] = offset + (batch.counts[partition] ?? 0)
      }
      if (this.#isUnsettled) {
        return yield* kafkaError({
          _tag: "Unavailable",
          detail: "the topic's end went back: it is read again"
        })
      }
      // As long as something is stored ahead, its beginning is where readers have to start.
      if (batch.whole !== null && this.#tail.ahead.ids.size === 0) {
        const { whole } = batch
        this.#whole = this.#offsets.map((_, p) => (before[p] ?? 0) + (whole[p] ?? 0))
      }
    }
    for (const row of batch.rows) state.addRow(row)
    state.open = batch.open
    this.#dropAhead()
    if (state.changesSincePlace >= (options.indexChanges ?? defaultIndexChanges)) yield* this.#addPlace()
    state.showMark()
    state.changed.notify()
  })

  /** What was stored ahead is in its place once the log's end has passed it. */
  #dropAhead(): void {
    const { ids, commits } = this.#tail.ahead
    if (ids.size === 0) return
    for (const seq of commits.keys()) if (seq < this.#log.state.nextSeq) commits.delete(seq)
    if (commits.size > 0) return
    ids.clear()
    if (this.#log.state.open === null) this.#whole = [...this.#offsets]
  }

  readonly #addPlace = Effect.fnUntraced({ self: this }, function* (): Effect.fn.Return<void> {
    const { state } = this.#log
    const place = state.placeAt(this.#whole)
    const { newest } = state.meta.places
    if (place.seq <= newest.seq) return
    this.#intervals.put(newest.seq, state.addPlace(place))
    const now = yield* Clock.currentTimeMillis
    this.#waiting.push(this.#message(placeKey(place.seq), fromPlace(place), now))
  })

  readonly writeMark = (mark: Mark): Effect.Effect<void, LogError> => this.#alone(this.#writeMark(mark))

  readonly #writeMark = Effect.fnUntraced({ self: this }, function* (mark: Mark): Effect.fn.Return<
    void,
    LogError
  > {
    const { state } = this.#log
    const stored = state.meta.stored?.mark ?? null
    const next = nextMark(stored, mark, state.nextSeq)
    if ("detail" in next) return yield* conflict(next.seq, next.detail)
    // What is stored ahead has an older log time, which the coverage time must not overtake.
    const coverageTime =
      this.#tail.ahead.ids.size === 0 ? next.coverageTime : (stored?.coverageTime ?? state.end?.logTime ?? 0)
    const written = { mark: { ...next, coverageTime }, place: state.placeAt(this.#whole) }
    yield* this.#sendMeta([fromMark(written.mark, written.place)])
    state.meta.stored = written
    state.showMark()
    state.changed.notify()
  })

  readonly beginIncarnation = (incarnation: Incarnation): Effect.Effect<void, LogError> =>
    this.#alone(this.#begin(incarnation))

  readonly #begin = Effect.fnUntraced({ self: this }, function* (incarnation: Incarnation): Effect.fn.Return<
    void,
    LogError
  > {
    const { state } = this.#log
    const { incarnations } = state.meta
    const newest = incarnations.at(-1)
    if (newest !== undefined && sameIncarnation(newest, incarnation)) return
    const detail = beginsWrongly(incarnations, incarnation, state.nextSeq)
    if (detail !== undefined) return yield* conflict(incarnation.firstSeq, detail)
    yield* this.#sendMeta([fromIncarnation(incarnation)])
    state.meta.begin(incarnation)
    // What the life before left unfinished stays in the topic; its incarnation says that it is none of the log.
    state.open = null
    this.#tail.ahead.ids.clear()
    this.#tail.ahead.commits.clear()
    state.changed.notify()
  })

  /** Begins a log, or spreads it over more partitions, from a transaction on of which nothing is stored. */
  readonly prepare = (partitions: number): Effect.Effect<void, LogError> =>
    this.#alone(
      Effect.suspend(() => {
        const { state, options } = this.#log
        const { meta } = state
        const entries: Array<MetaEntry> = []
        if (meta.source === null) entries.push({ _tag: "source", source: options.source, version: 1 })
        const begun = Math.max(
          state.nextSeq - (state.open === null ? 1 : 0),
          ...this.#tail.ahead.commits.keys()
        )
        const epoch = { fromSeq: meta.epochs.length === 0 ? 1 : begun + 1, partitions }
        const spreads = meta.partitions !== partitions
        if (spreads) entries.push({ _tag: "partitions", from_seq: epoch.fromSeq, partitions })
        if (entries.length === 0) return Effect.void
        return Effect.map(this.#sendMeta(entries), () => {
          meta.source ??= options.source
          if (spreads) meta.spread(epoch)
        })
      })
    )

  /** Removes from the meta topic what no reader can start from any more, with the next send. */
  readonly forget = Effect.fnUntraced(
    { self: this },
    function* (places: ReadonlyArray<Place>): Effect.fn.Return<void> {
      const now = yield* Clock.currentTimeMillis
      for (const { seq } of places) if (seq > 0) this.#waiting.push(this.#message(placeKey(seq), null, now))
    }
  )
}
