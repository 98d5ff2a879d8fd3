import type { Lsn } from "../domain/Lsn.ts"
import { ArchivedPackedChunk, packedOf } from "../domain/PackedChunk.ts"
import type { ArchivedChunk, TransactionChunk } from "../domain/Transaction.ts"

/** Where numbering goes on: the archive's mark, or the beginning of an incarnation. */
export interface NumberingStart {
  /** The last given number. */
  readonly seq: number
  /** Everything that ends at or before is in the archive under such a number. */
  readonly endLsn: Lsn
  readonly incarnation: number
}

/**
 * Gives transactions their seq. PostgreSQL sends again, in the same order, whatever it was not told to forget; all
 * that ends at or before the mark is skipped, so the rest gets the same numbers as last time.
 */
export class Sequencer {
  readonly #start: NumberingStart
  #seq: number

  constructor(start: NumberingStart) {
    this.#start = start
    this.#seq = start.seq
  }

  /** The last number that was given. */
  get seq(): number {
    return this.#seq
  }

  /** Chunks come in order. Undefined for one that is in the archive for certain. */
  number(chunk: TransactionChunk): ArchivedChunk | undefined {
    if (chunk.commit.endLsn <= this.#start.endLsn) return undefined
    if (chunk.firstOrdinal === 0) this.#seq++
    const { firstOrdinal, last, bytes, commit } = chunk
    const { incarnation } = this.#start
    return new ArchivedPackedChunk(
      { commit, firstOrdinal, last, bytes, seq: this.#seq, incarnation },
      packedOf(chunk)
    )
  }
}
