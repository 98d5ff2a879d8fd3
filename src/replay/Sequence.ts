import type { Position } from "../domain/Position.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import { endOrdinal, sliceChunk } from "../log/ChunkSlice.ts"

/** The chunk as far as it is new, or why there is none: all of it was seen before, or something before it was not. */
export type Accepted = ArchivedChunk | "repeat" | "gap"

/**
 * The proof that nothing is missing and nothing comes twice: chunks must continue each other by (seq, ordinal).
 * Stores are asked where to start; what they answer is checked here.
 */
export class Sequence {
  #seq: number
  #ordinal: number
  /** After a resume it is not known whether the transaction goes on behind the position. */
  #maybeWhole: boolean

  /** Expects the change at `next`, which may lie behind the last change of its transaction. */
  constructor(next: Position) {
    this.#seq = next.seq
    this.#ordinal = next.ordinal
    this.#maybeWhole = next.ordinal > 0
  }

  /** What is expected now. */
  get next(): Position {
    return { seq: this.#seq, ordinal: this.#ordinal }
  }

  /** Whether everything before transaction `end` has come. Right behind a resume the store's word is all there is. */
  reached(end: number): boolean {
    return this.#seq >= end || (this.#maybeWhole && this.#seq === end - 1)
  }

  accept(chunk: ArchivedChunk): Accepted {
    if (chunk.seq < this.#seq) return "repeat"
    if (chunk.seq > this.#seq) {
      if (!this.#maybeWhole || chunk.seq !== this.#seq + 1) return "gap"
      this.#startOf(chunk.seq)
    }
    if (chunk.firstOrdinal > this.#ordinal) return "gap"
    const expected = this.#ordinal
    const end = endOrdinal(chunk)
    if (chunk.last) this.#startOf(chunk.seq + 1)
    else if (end > expected) {
      this.#ordinal = end
      this.#maybeWhole = false
    }
    return end <= expected ? "repeat" : sliceChunk(chunk, expected)
  }

  #startOf(seq: number): void {
    this.#seq = seq
    this.#ordinal = 0
    this.#maybeWhole = false
  }
}
