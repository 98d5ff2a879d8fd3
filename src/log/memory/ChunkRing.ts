import type { Coverage, SeqRange } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import { ArchivedPackedChunk, packedOf } from "../../domain/PackedChunk.ts"
import type { Position } from "../../domain/Position.ts"
import { type ArchivedChunk, changeCount } from "../../domain/Transaction.ts"
import { isBefore, positionAfter, sliceChunk } from "../ChunkSlice.ts"

/** What is kept, at most. */
export interface RingLimits {
  readonly changes: number
  readonly bytes: number
}

/** The answer to a read: chunks, nothing yet, or what is not (or no longer) held. */
export type RingPage =
  | { readonly _tag: "Chunks"; readonly chunks: ReadonlyArray<ArchivedChunk>; readonly next: Position }
  | { readonly _tag: "End" }
  | { readonly _tag: "Wait" }
  | { readonly _tag: "Missing"; readonly from: number; readonly until: number }

/** How many chunks beyond the dropped ones are worth moving. */
const compactFrom = 1024

/** As readers get it: what is held stays text. */
const unpacked = (chunk: ArchivedPackedChunk): ArchivedChunk => ({
  seq: chunk.seq,
  incarnation: chunk.incarnation,
  commit: chunk.commit,
  firstOrdinal: chunk.firstOrdinal,
  changes: chunk.packed.unpack(),
  last: chunk.last,
  bytes: chunk.bytes
})

/**
 * The newest transactions in memory: plain state, no Effect. Chunks lie in an array whose front is dropped lazily,
 * so that an append costs the same however much is held.
 */
export class ChunkRing {
  readonly limits: RingLimits
  #chunks: Array<ArchivedPackedChunk | undefined> = []
  /** Index of the oldest chunk held. */
  #head = 0
  /** Index after the last chunk of a whole transaction. */
  #whole = 0
  #changes = 0
  #bytes = 0
  /** Where the log goes on. */
  #expected: Position = { seq: 1, ordinal: 0 }
  #firstSeq = 1
  #toTime: Micros | null = null
  /** A transaction that is not kept, while its chunks still come. */
  #skipping = false

  constructor(limits: RingLimits) {
    this.limits = limits
  }

  get changes(): number {
    return this.#changes
  }

  get bytes(): number {
    return this.#bytes
  }

  get coverage(): Coverage {
    const oldest = this.#whole > this.#head ? this.#chunks[this.#head] : undefined
    return {
      firstSeq: this.#firstSeq,
      nextSeq: this.#nextSeq,
      fromTime: oldest?.commit.commitTime ?? null,
      toTime: this.#toTime,
      toLsn: null
    }
  }

  get #nextSeq(): number {
    return this.#skipping ? this.#firstSeq : this.#expected.seq
  }

  append(chunk: ArchivedChunk): void {
    this.#forgetRivalOf(chunk)
    if (isBefore(chunk, this.#expected)) return
    const follows = chunk.seq === this.#expected.seq && chunk.firstOrdinal <= this.#expected.ordinal
    if (!follows) this.#restart(chunk)
    const fresh = follows ? sliceChunk(chunk, this.#expected.ordinal) : chunk
    this.#expected = positionAfter(fresh)
    if (this.#skipping) {
      if (fresh.last) this.#endSkip(fresh.commit.commitTime)
      return
    }
    this.#chunks.push(new ArchivedPackedChunk(fresh, packedOf(fresh)))
    this.#changes += changeCount(fresh)
    this.#bytes += fresh.bytes
    if (fresh.last) {
      this.#whole = this.#chunks.length
      this.advance(fresh.commit.commitTime)
    }
    this.#evict()
    if (fresh.commit.count > this.limits.changes || this.#full) this.#skip(fresh)
  }

  /** The log is complete up to this time. While a transaction is left out nothing is. */
  advance(time: Micros): void {
    if (!this.#skipping) this.#toTime = Math.max(this.#toTime ?? time, time)
  }

  /** At most about `changes` changes from a position on, at least one chunk if there is one. */
  read(start: Position, end: SeqRange["end"], changes: number): RingPage {
    const from = start.seq < 1 ? { seq: 1, ordinal: 0 } : start
    const { firstSeq, nextSeq } = this.coverage
    const stop = end ?? Number.POSITIVE_INFINITY
    if (from.seq >= stop) return { _tag: "End" }
    if (from.seq < firstSeq) return { _tag: "Missing", from: from.seq, until: Math.min(firstSeq, stop) }
    if (from.seq >= nextSeq) return { _tag: "Wait" }
    const chunks: Array<ArchivedChunk> = []
    let next = from
    let given = 0
    for (let i = this.#indexOf(from); i < this.#whole && given < changes; i++) {
      const chunk = this.#chunks[i]
      if (chunk === undefined || chunk.seq >= stop) break
      const whole = unpacked(chunk)
      const part = chunk.seq === from.seq ? sliceChunk(whole, from.ordinal) : whole
      chunks.push(part)
      given += part.changes.length
      next = positionAfter(part)
    }
    // Nothing from there to the end of its transaction: it was beyond its last change.
    if (chunks.length === 0) return this.read({ seq: from.seq + 1, ordinal: 0 }, end, changes)
    return { _tag: "Chunks", chunks, next }
  }

  /** The newest visible chunks, newest first. */
  recent(changes: number): ReadonlyArray<ArchivedChunk> {
    const found: Array<ArchivedChunk> = []
    let given = 0
    for (let i = this.#whole - 1; i >= this.#head && given < changes; i--) {
      const chunk = this.#chunks[i]
      if (chunk === undefined) break
      found.push(unpacked(chunk))
      given += chunk.packed.count
    }
    return found
  }

  /** An unfinished transaction in whose place a new incarnation puts another one. */
  #forgetRivalOf(chunk: ArchivedChunk): void {
    const open = this.#chunks.length > this.#whole ? this.#chunks.at(-1) : undefined
    if (open === undefined || chunk.seq !== open.seq || chunk.incarnation === open.incarnation) return
    for (const part of this.#chunks.splice(this.#whole)) this.#discount(part)
    this.#expected = { seq: open.seq, ordinal: 0 }
  }

  #discount(chunk: ArchivedPackedChunk | undefined): void {
    this.#changes -= chunk?.packed.count ?? 0
    this.#bytes -= chunk?.bytes ?? 0
  }

  get #full(): boolean {
    return this.#changes > this.limits.changes || this.#bytes > this.limits.bytes
  }

  /** The first chunk that is not before the position. */
  #indexOf(position: Position): number {
    let low = this.#head
    let high = this.#whole
    while (low < high) {
      const middle = (low + high) >>> 1
      const chunk = this.#chunks[middle]
      if (chunk !== undefined && isBefore(chunk, position)) low = middle + 1
      else high = middle
    }
    return low
  }

  #clear(): void {
    this.#chunks = []
    this.#head = 0
    this.#whole = 0
    this.#changes = 0
    this.#bytes = 0
    this.#toTime = null
  }

  /** There is a hole before this chunk: what came before is dropped, and a transaction without its beginning is not kept. */
  #restart(chunk: ArchivedChunk): void {
    this.#clear()
    this.#skipping = chunk.firstOrdinal > 0
    this.#firstSeq = this.#skipping ? chunk.seq + 1 : chunk.seq
    this.#expected = { seq: chunk.seq, ordinal: chunk.firstOrdinal }
  }

  /** A transaction that is larger than everything: the coverage begins anew after it. */
  #skip(chunk: ArchivedChunk): void {
    this.#clear()
    this.#firstSeq = chunk.seq + 1
    this.#skipping = true
    if (chunk.last) this.#endSkip(chunk.commit.commitTime)
  }

  #endSkip(commitTime: Micros): void {
    this.#skipping = false
    this.#toTime = commitTime
  }

  /** Drops the oldest whole transactions while there is too much. */
  #evict(): void {
    while (this.#full && this.#head < this.#whole) {
      const seq = this.#chunks[this.#head]?.seq
      for (; this.#head < this.#whole; this.#head++) {
        const chunk = this.#chunks[this.#head]
        if (chunk === undefined || chunk.seq !== seq) break
        this.#discount(chunk)
        this.#chunks[this.#head] = undefined
      }
      this.#firstSeq = (seq ?? this.#firstSeq) + 1
    }
    if (this.#head > compactFrom && this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#whole -= this.#head
      this.#head = 0
    }
  }
}
