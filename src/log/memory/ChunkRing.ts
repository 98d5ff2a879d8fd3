import type { Coverage, SeqRange } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import { ArchivedPackedChunk, packedOf } from "../../domain/PackedChunk.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import { type ArchivedChunk, changeCount } from "../../domain/Transaction.ts"
import type { ChunkHead } from "../ChunkHeads.ts"
import { isBefore, positionAfter, sliceChunk } from "../ChunkSlice.ts"
import { ChunkBlock } from "./ChunkBlock.ts"
import { TextPages } from "./TextPages.ts"

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

/** How many blocks beyond the dropped ones are worth moving. */
const compactFrom = 1024
/** How many changes a block has, about: reading one of them decodes all. */
const blockChanges = 500

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
 * The newest transactions in memory: plain state, no Effect. Whole ones are folded into blocks, the last few and one that
 * is not whole yet are chunks as they came. The front is dropped lazily, so that an append costs the same however much is
 * held.
 */
export class ChunkRing {
  readonly limits: RingLimits
  readonly #foldFrom: number
  #pages = new TextPages()
  #blocks: Array<ChunkBlock | undefined> = []
  /** Index of the oldest block held. */
  #head = 0
  /** Of that block, once they were looked at, and how many of them are dropped. */
  #headChunks: ReadonlyArray<ChunkHead> | undefined
  #headDropped = 0
  /** Behind the blocks. */
  #open: Array<ArchivedPackedChunk> = []
  /** Index in `open` after the last chunk of a whole transaction. */
  #whole = 0
  #openChanges = 0
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
    this.#foldFrom = Math.min(blockChanges, Math.ceil(limits.changes / 8))
  }

  get changes(): number {
    return this.#changes
  }

  get bytes(): number {
    return this.#bytes
  }

  get coverage(): Coverage {
    return {
      firstSeq: this.#firstSeq,
      nextSeq: this.#nextSeq,
      fromTime: this.#oldest?.commit.commitTime ?? null,
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
    const changes = changeCount(fresh)
    this.#open.push(new ArchivedPackedChunk(fresh, packedOf(fresh)))
    this.#openChanges += changes
    this.#changes += changes
    this.#bytes += fresh.bytes
    if (fresh.last) {
      this.#whole = this.#open.length
      this.advance(fresh.commit.commitTime)
      if (this.#openChanges >= this.#foldFrom) this.#fold()
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
    for (const chunk of this.#from(from)) {
      if (chunk.seq >= stop || given >= changes) break
      if (isBefore(chunk, from)) continue
      const part = chunk.seq === from.seq ? sliceChunk(chunk, from.ordinal) : chunk
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
    const take = (chunk: ArchivedChunk) => {
      found.push(chunk)
      given += chunk.changes.length
    }
    for (let i = this.#whole - 1; i >= 0 && given < changes; i--) {
      const chunk = this.#open[i]
      if (chunk !== undefined) take(unpacked(chunk))
    }
    for (let i = this.#blocks.length - 1; i >= this.#head && given < changes; i--) {
      for (const chunk of this.#blocks[i]?.chunks().toReversed() ?? []) {
        if (given >= changes || chunk.seq < this.#firstSeq) break
        take(chunk)
      }
    }
    return found
  }

  /** Visible chunks, from one at or somewhat before the position on. */
  *#from(position: Position): Generator<ArchivedChunk> {
    let low = this.#head
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const block = this.#blocks[middle]
      if (block !== undefined && comparePosition(block.end, position) <= 0) low = middle + 1
      else high = middle
    }
    for (let i = low; i < this.#blocks.length; i++) yield* this.#blocks[i]?.chunks() ?? []
    for (let i = 0; i < this.#whole; i++) {
      const chunk = this.#open[i]
      if (chunk !== undefined && !isBefore(chunk, position)) yield unpacked(chunk)
    }
  }

  /** Makes blocks of all that is whole. */
  #fold(): void {
    let from = 0
    let changes = 0
    for (let i = 0; i < this.#whole; i++) {
      const chunk = this.#open[i]
      if (chunk === undefined) break
      const more = changeCount(chunk)
      const apart = chunk.incarnation !== this.#open[from]?.incarnation
      if (i > from && (apart || changes + more > blockChanges)) {
        this.#blocks.push(new ChunkBlock(this.#open.slice(from, i), this.#pages))
        from = i
        changes = 0
      }
      changes += more
    }
    this.#blocks.push(new ChunkBlock(this.#open.slice(from, this.#whole), this.#pages))
    this.#open = this.#open.slice(this.#whole)
    this.#whole = 0
    this.#openChanges = 0
  }

  /** An unfinished transaction in whose place a new incarnation puts another one. */
  #forgetRivalOf(chunk: ArchivedChunk): void {
    const open = this.#open.length > this.#whole ? this.#open.at(-1) : undefined
    if (open === undefined || chunk.seq !== open.seq || chunk.incarnation === open.incarnation) return
    for (const part of this.#open.splice(this.#whole)) {
      this.#openChanges -= part.packed.count
      this.#discount(part.packed.count, part.bytes)
    }
    this.#expected = { seq: open.seq, ordinal: 0 }
  }

  #discount(changes: number, bytes: number): void {
    this.#changes -= changes
    this.#bytes -= bytes
  }

  get #full(): boolean {
    return this.#changes > this.limits.changes || this.#bytes > this.limits.bytes
  }

  #clear(): void {
    this.#blocks = []
    this.#pages = new TextPages()
    this.#head = 0
    this.#headChunks = undefined
    this.#headDropped = 0
    this.#open = []
    this.#whole = 0
    this.#openChanges = 0
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

  /** The oldest visible chunk, without its changes. */
  get #oldest(): Pick<ChunkHead, "seq" | "commit"> | undefined {
    const block = this.#blocks[this.#head]
    if (block === undefined) return this.#whole > 0 ? this.#open[0] : undefined
    this.#headChunks ??= block.heads()
    return this.#headChunks[this.#headDropped]
  }

  /** Drops the oldest whole transactions while there is too much. */
  #evict(): void {
    while (this.#full) {
      const oldest = this.#oldest
      if (oldest === undefined) break
      this.#dropWhole(oldest.seq)
      this.#firstSeq = oldest.seq + 1
    }
    if (this.#head > compactFrom && this.#head * 2 > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head)
      this.#head = 0
    }
  }

  #dropWhole(seq: number): void {
    while (this.#oldest?.seq === seq) {
      const head = this.#headChunks?.[this.#headDropped]
      if (head === undefined) {
        const end = this.#open.findIndex((chunk, i) => chunk.seq !== seq || i === this.#whole)
        for (const chunk of this.#open.splice(0, end < 0 ? this.#open.length : end)) {
          this.#whole--
          this.#openChanges -= chunk.packed.count
          this.#discount(chunk.packed.count, chunk.bytes)
        }
        return
      }
      this.#discount(head.changes, head.bytes)
      this.#headDropped++
      if (this.#headDropped < (this.#headChunks?.length ?? 0)) continue
      this.#blocks[this.#head]?.release()
      this.#blocks[this.#head] = undefined
      this.#head++
      this.#headChunks = undefined
      this.#headDropped = 0
    }
  }
}
