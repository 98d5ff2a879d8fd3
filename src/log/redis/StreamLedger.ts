import type { Micros } from "../../domain/Micros.ts"
import type { Position } from "../../domain/Position.ts"
import type { Relation } from "../../domain/Relation.ts"
import { type ArchivedChunk, changeCount } from "../../domain/Transaction.ts"
import { isBefore, positionAfter, sliceChunk } from "../ChunkSlice.ts"
import { entryId, maxEntries } from "./EntryId.ts"
import { encodeEntry, type StreamEntry } from "./StreamEntry.ts"
import type { Identity, Segment, StreamState } from "./StreamState.ts"

export interface StreamLimits {
  readonly changes: number
  readonly bytes: number
}

/** What one write does to the stream, in this order. */
export interface StreamWrite {
  /** Everything that was there is dropped first. */
  readonly clear: boolean
  /** Entries before this one are trimmed. */
  readonly minId: string | null
  readonly entries: ReadonlyArray<StreamEntry & { readonly id: string }>
  readonly relations: ReadonlyArray<Relation>
  /** The older segments, if they have changed. */
  readonly segments: ReadonlyArray<Segment> | null
  readonly state: StreamState
}

/** Into how many segments a full buffer is divided: a hundredth of it leaves at a time. */
const segmentCount = 100

interface Planned extends StreamEntry {
  readonly id: string
  readonly seq: number
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/**
 * The writer's books of the stream: what is there, and what the chunks that come make of it. Plain state, no Effect:
 * changes collect until `take` gives them as one write. A ledger whose write did not succeed is thrown away.
 */
export class StreamLedger {
  readonly #identity: Identity
  readonly #limits: StreamLimits
  #at: Position = { seq: 1, ordinal: 0 }
  #firstSeq = 1
  #toTime: Micros | null = null
  #top = 0
  #lastId = "0-0"
  #skipping = false
  #incarnation = 0
  #older: Array<Segment> = []
  #tail: Mutable<Segment> | null = null
  #open: Mutable<Segment> | null = null
  #entries = 0
  #changes = 0
  #bytes = 0
  #relations: Set<string>

  #planned: Array<Planned> = []
  #plannedBytes = 0
  #newRelations: Array<Relation> = []
  #clear = false
  #trim = false
  #regrouped = false
  #dirty = false

  private constructor(identity: Identity, limits: StreamLimits, relations: Iterable<string>) {
    this.#identity = identity
    this.#limits = limits
    this.#relations = new Set(relations)
  }

  /** Nothing is held, and what may lie there is not ours to trust. `at`: where the log goes on, if that is known. */
  static empty(identity: Identity, limits: StreamLimits, at?: Position): StreamLedger {
    const ledger = new StreamLedger(identity, limits, [])
    ledger.#clear = true
    if (at !== undefined && at.ordinal === 0) {
      ledger.#at = at
      ledger.#firstSeq = at.seq
    }
    return ledger
  }

  static of(
    state: StreamState,
    older: ReadonlyArray<Segment>,
    relations: Iterable<string>,
    limits: StreamLimits
  ): StreamLedger {
    const ledger = new StreamLedger(state, limits, relations)
    ledger.#at = state.at
    ledger.#firstSeq = state.first_seq
    ledger.#toTime = state.to_time
    ledger.#top = state.top
    ledger.#lastId = state.last_id
    ledger.#skipping = state.skipping
    ledger.#incarnation = state.incarnation
    ledger.#older = [...older]
    ledger.#tail = state.tail === null ? null : { ...state.tail }
    ledger.#open = state.open === null ? null : { ...state.open }
    ledger.#entries = state.entries
    ledger.#changes = state.changes
    ledger.#bytes = state.bytes
    return ledger
  }

  /** Where the log goes on after all that was appended. */
  get at(): Position {
    return this.#at
  }

  /** Whether the next write holds as much as one write should: Redis does nothing else meanwhile. */
  get isLoaded(): boolean {
    return this.#planned.length >= 1000 || this.#plannedBytes >= 1_000_000
  }

  append(chunk: ArchivedChunk): void {
    const isRival =
      this.#open !== null && chunk.seq === this.#open.seq && chunk.incarnation !== this.#incarnation
    if (!isRival && isBefore(chunk, this.#at)) return
    const follows = !isRival && chunk.seq === this.#at.seq && chunk.firstOrdinal <= this.#at.ordinal
    if (!follows) this.#restart(chunk)
    const fresh = follows ? sliceChunk(chunk, this.#at.ordinal) : chunk
    this.#dirty = true
    this.#at = positionAfter(fresh)
    this.#incarnation = fresh.incarnation
    if (!this.#skipping && fresh.commit.count > this.#limits.changes) this.#skip(fresh)
    if (!this.#skipping) this.#add(fresh)
    if (!fresh.last) return
    if (this.#skipping) {
      this.#skipping = false
      this.#toTime = fresh.commit.commitTime
    } else {
      this.#close()
      this.advance(fresh.commit.commitTime)
    }
  }

  /** The log is complete up to this time. While a transaction is left out nothing is. */
  advance(time: Micros): void {
    if (this.#skipping || (this.#toTime !== null && time <= this.#toTime)) return
    this.#toTime = time
    this.#dirty = true
  }

  /** The write that is due, if any; from then on it counts as done. */
  take(): StreamWrite | undefined {
    if (!this.#dirty) return undefined
    const first = this.#oldest ?? this.#open
    const from = first?.seq ?? this.#at.seq
    const write: StreamWrite = {
      clear: this.#clear,
      minId: this.#trim && !this.#clear ? (first?.id ?? null) : null,
      entries: this.#planned.filter(({ seq }) => seq >= from),
      relations: this.#newRelations,
      segments: this.#regrouped || this.#clear ? this.#older.slice() : null,
      state: this.#state
    }
    this.#planned = []
    this.#plannedBytes = 0
    this.#newRelations = []
    this.#clear = false
    this.#trim = false
    this.#regrouped = false
    this.#dirty = false
    return write
  }

  get #oldest(): Segment | null {
    return this.#older[0] ?? this.#tail
  }

  get #isFull(): boolean {
    return this.#changes > this.#limits.changes || this.#bytes > this.#limits.bytes
  }

  get #state(): StreamState {
    return {
      version: 1,
      source: this.#identity.source,
      history: this.#identity.history,
      first_seq: this.#firstSeq,
      next_seq: this.#skipping ? this.#firstSeq : this.#at.seq,
      from_time: this.#oldest?.time ?? null,
      to_time: this.#toTime,
      entries: this.#entries,
      changes: this.#changes,
      bytes: this.#bytes,
      last_id: this.#lastId,
      at: this.#at,
      top: this.#top,
      skipping: this.#skipping,
      incarnation: this.#incarnation,
      open: this.#open === null ? null : { ...this.#open },
      tail: this.#tail === null ? null : { ...this.#tail }
    }
  }

  #add(chunk: ArchivedChunk): void {
    const entry = encodeEntry(chunk, (relation) => {
      if (this.#relations.has(relation.fingerprint)) return
      this.#relations.add(relation.fingerprint)
      this.#newRelations.push(relation)
    })
    const { tx, changes, bytes } = entry
    const { seq, commit } = chunk
    this.#top = Math.max(this.#top, Math.floor(commit.commitTime / 1000))
    const id = entryId(this.#top, seq, this.#open?.entries ?? 0)
    const open = this.#open ?? { seq, time: commit.commitTime, id, entries: 0, changes: 0, bytes: 0 }
    this.#open = open
    open.entries += 1
    open.changes += changeCount(chunk)
    open.bytes += bytes
    this.#entries += 1
    this.#changes += changeCount(chunk)
    this.#bytes += bytes
    this.#lastId = id
    this.#planned.push({ id, seq, tx, changes })
    this.#plannedBytes += bytes
    this.#evict()
    if (this.#isFull || open.entries >= maxEntries) this.#skip(chunk)
  }

  /** The open transaction is whole: it joins the newest segment, or begins the next. */
  #close(): void {
    const whole = this.#open
    this.#open = null
    if (whole === null) return
    const tail = this.#tail
    const { changes, bytes } = this.#limits
    if (
      tail !== null &&
      (tail.changes + whole.changes) * segmentCount <= changes &&
      (tail.bytes + whole.bytes) * segmentCount <= bytes
    ) {
      tail.entries += whole.entries
      tail.changes += whole.changes
      tail.bytes += whole.bytes
      return
    }
    if (tail !== null) {
      this.#older.push(tail)
      this.#regrouped = true
    }
    this.#tail = whole
  }

  /** Drops the oldest segments while there is too much. */
  #evict(): void {
    while (this.#isFull) {
      const dropped = this.#older.shift() ?? this.#tail
      if (dropped === null) return
      if (dropped === this.#tail) this.#tail = null
      this.#entries -= dropped.entries
      this.#changes -= dropped.changes
      this.#bytes -= dropped.bytes
      this.#firstSeq = this.#oldest?.seq ?? this.#open?.seq ?? this.#at.seq
      this.#trim = true
      this.#regrouped = true
    }
  }

  /** There is a hole before this chunk: what came before is dropped, and a transaction without its beginning is not kept. */
  #restart(chunk: ArchivedChunk): void {
    this.#drop()
    this.#skipping = chunk.firstOrdinal > 0
    this.#firstSeq = this.#skipping ? chunk.seq + 1 : chunk.seq
    this.#at = { seq: chunk.seq, ordinal: chunk.firstOrdinal }
  }

  /** A transaction that is larger than everything: the coverage begins anew after it. */
  #skip(chunk: ArchivedChunk): void {
    this.#drop()
    this.#firstSeq = chunk.seq + 1
    this.#skipping = true
  }

  /** The next id is above all that were: who waits behind the last one is woken by it. */
  #drop(): void {
    this.#older = []
    this.#tail = null
    this.#open = null
    this.#entries = 0
    this.#changes = 0
    this.#bytes = 0
    this.#toTime = null
    this.#top += 1
    this.#planned = []
    this.#plannedBytes = 0
    this.#newRelations = []
    this.#relations = new Set()
    this.#clear = true
    this.#dirty = true
  }
}
