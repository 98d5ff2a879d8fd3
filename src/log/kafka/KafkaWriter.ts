import { Clock, Effect, Semaphore } from "effect"
import type { Incarnation, Mark } from "../../domain/Log.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { ArchiveTail } from "../Archive.ts"
import type { LogError } from "../LogError.ts"
import { nextMark } from "../MarkRules.ts"
import { beginsWrongly, continueTail, contradiction, sameIncarnation } from "../Tail.ts"
import { type Batch, BatchPlan } from "./BatchPlan.ts"
import { BatchSource } from "./BatchSource.ts"
import { BufferPool } from "./BufferPool.ts"
import { EncodedAhead } from "./EncodedAhead.ts"
import type { TopicBatch } from "./IdempotentProducer.ts"
import type { Intervals } from "./Intervals.ts"
import { attempt, kafkaError } from "./KafkaFault.ts"
import type { KafkaLog } from "./KafkaLog.ts"
import { conflict, type OpenTransaction } from "./LogState.ts"
import { fromIncarnation, fromMark, fromPlace, fromRelation } from "./MetaCodec.ts"
import { encodeMeta, type MetaEntry, metaKey, placeKey } from "./MetaEntries.ts"
import type { Place } from "./Place.ts"
import { type Compression, RecordBatch } from "./RecordBatch.ts"
import { RecordEncoder } from "./RecordEncoder.ts"
import { relationsOf } from "./Relations.ts"
import type { Sender } from "./Sender.ts"
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

/** For the meta topic. */
interface MetaRecord {
  readonly key: string
  /** Null: the key is to be forgotten. */
  readonly entry: MetaEntry | null
}

/** Everything that changes the topics. One thing at a time: appends and marks are one sequence. */
export class KafkaWriter {
  readonly #log: KafkaLog
  readonly #intervals: Intervals
  readonly #sender: Sender
  readonly #encoder: RecordEncoder
  readonly #pool = new BufferPool()
  readonly #compression: Compression
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
  /** Whether somebody else has written between our sends: the one that took over from us, maybe, and is further. */
  #isShared = false
  /** Changes of the transactions that have become whole here. */
  published = 0
  readonly #ahead = new EncodedAhead()
  /** What goes along with the next send. */
  #waiting: Array<MetaRecord> = []

  constructor({ log, intervals, sender, tail, batchBytes }: KafkaWriterOptions) {
    this.#log = log
    this.#intervals = intervals
    this.#sender = sender
    this.#compression = log.options.compression ?? "lz4"
    this.#batchBytes = batchBytes
    this.#encoder = new RecordEncoder(log.options.source)
    this.#tail = tail
    this.#offsets = [...tail.ends]
    this.#whole = tail.whole
  }

  /** Reads what is stored, by identity, after a send whose outcome is not known. */
  readonly #settle = Effect.fnUntraced({ self: this }, function* (): Effect.fn.Return<void, LogError> {
    if (!this.#isUnsettled) return
    this.#ahead.forget()
    const log = this.#log
    this.#intervals.clear()
    yield* attempt(log.options.topic, () => log.meta.refresh())
    this.#tail = yield* attempt(log.options.topic, () => scanTail(log))
    this.#offsets = [...this.#tail.ends]
    this.#whole = this.#tail.whole
    this.#isUnsettled = false
    this.#isShared = false
    if (this.#isPlaceDue) this.#addPlace()
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

  /** Fails, or is interrupted, with an unknown outcome. Gives where each partition of the changes' topic went on. */
  readonly #send = Effect.fnUntraced(
    { self: this },
    function* (
      batches: ReadonlyArray<TopicBatch>,
      entries: ReadonlyArray<MetaRecord>
    ): Effect.fn.Return<ReadonlyMap<number, number>, LogError> {
      const { topic } = this.#log.options
      const meta = this.#metaBatch([...entries, ...this.#waiting], yield* Clock.currentTimeMillis)
      const sent = [...batches, ...meta]
      this.#waiting = []
      const produced = yield* this.#sender.send(sent).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            this.#isUnsettled ||= exit._tag === "Failure"
          })
        )
      )
      for (const { records } of sent) records.release()
      return new Map(
        produced.flatMap((each) => (each.topic === topic ? [[each.partition, each.offset] as const] : []))
      )
    }
  )

  #metaBatch(entries: ReadonlyArray<MetaRecord>, now: number): ReadonlyArray<TopicBatch> {
    if (entries.length === 0) return []
    const records = new RecordBatch(this.#pool, this.#compression)
    for (const { key, entry } of entries) {
      const keyEnd = Buffer.byteLength(key)
      const bytes = Buffer.from(entry === null ? key : key + encodeMeta(entry))
      records.append(now, { bytes, start: 0, keyEnd, end: entry === null ? null : bytes.length })
    }
    return [{ topic: metaTopic(this.#log.options.topic), partition: 0, records }]
  }

  #sendMeta(entries: ReadonlyArray<MetaEntry>): Effect.Effect<void, LogError> {
    return Effect.asVoid(
      this.#send(
        [],
        entries.map((entry) => ({ key: metaKey(entry), entry }))
      )
    )
  }

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
    Effect.suspend(() => {
      // What others have written has to be looked through before a place can be named again.
      this.#isUnsettled ||= this.#isShared && this.#isPlaceDue
      return this.#alone(this.#append(chunks))
    })

  readonly #append = Effect.fnUntraced(
    { self: this },
    function* (chunks: ReadonlyArray<ArchivedChunk>): Effect.fn.Return<void, LogError> {
      const { state } = this.#log
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
      const source =
        this.#ahead.take(chunks, fresh, state) ??
        new BatchSource(this.#plan(state.open), fresh, state.baseTime)
      this.#ahead.began(source)
      for (let batch = yield* source.next; batch !== undefined; ) {
        const [, next] = yield* Effect.all([this.#sendBatch(batch), source.next], { concurrency: 2 })
        batch = next
      }
      this.#ahead.ended(source)
    }
  )

  #plan(open: OpenTransaction | null): BatchPlan {
    return new BatchPlan(
      {
        encoder: this.#encoder,
        pool: this.#pool,
        compression: this.#compression,
        epochs: this.#log.state.meta.epochs,
        batchBytes: this.#batchBytes,
        writerId: this.#writerId,
        stored: this.#tail.ahead.ids
      },
      open
    )
  }

  /** Encodes what will be appended behind the append that is under way, as if that will go well. */
  readonly encodeAhead = (chunks: ReadonlyArray<ArchivedChunk>): Effect.Effect<void> =>
    this.#ahead.encode(chunks, this.#log.state, (open) => this.#plan(open))

  readonly #sendBatch = Effect.fnUntraced({ self: this }, function* (batch: Batch): Effect.fn.Return<
    void,
    LogError
  > {
    const { state, options } = this.#log
    if (batch.records > 0) {
      const { topic } = options
      const batches = batch.parts.flatMap((records, partition) =>
        records === undefined ? [] : [{ topic, partition, records }]
      )
      const first = yield* this.#send(batches, [])
      const before = [...this.#offsets]
      for (const [partition, offset] of first) {
        const end = before[partition] ?? 0
        this.#isUnsettled ||= offset < end
        this.#isShared ||= offset > end
        before[partition] = offset
        this.#offsets[partition] = offset + (batch.parts[partition]?.count ?? 0)
      }
      if (this.#isUnsettled) {
        return yield* kafkaError({
          _tag: "Unavailable",
          detail: "the topic's end went back: it is read again"
        })
      }
      // As long as something is stored ahead, by us or others, readers have to start before it.
      if (batch.whole !== null && this.#tail.ahead.ids.size === 0 && !this.#isShared) {
        const { whole } = batch
        this.#whole = this.#offsets.map((_, p) => (before[p] ?? 0) + (whole[p] ?? 0))
      }
    }
    for (const row of batch.rows) {
      state.addRow(row)
      this.published += row.commit.count
    }
    state.open = batch.open
    this.#dropAhead()
    if (this.#isPlaceDue && !this.#isShared) this.#addPlace()
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
    if (this.#log.state.open === null && !this.#isShared) this.#whole = [...this.#offsets]
  }

  get #isPlaceDue(): boolean {
    const { state, options } = this.#log
    return state.changesSincePlace >= (options.indexChanges ?? defaultIndexChanges)
  }

  #addPlace(): void {
    const { state } = this.#log
    const place = state.placeAt(this.#whole)
    const { newest } = state.meta.places
    if (place.seq <= newest.seq) return
    this.#intervals.put(newest.seq, state.addPlace(place))
    this.#waiting.push({ key: placeKey(place.seq), entry: fromPlace(place) })
  }

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
    this.#ahead.forget()
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
  readonly forget = (places: ReadonlyArray<Place>): Effect.Effect<void> =>
    Effect.sync(() => {
      for (const { seq } of places) if (seq > 0) this.#waiting.push({ key: placeKey(seq), entry: null })
    })
}
