import { ChangePacker } from "../domain/ChangePacker.ts"
import { PackedChunk } from "../domain/PackedChunk.ts"
import type { Commit, TransactionChunk } from "../domain/Transaction.ts"
import type { ChunkLimits, Segment } from "./Segment.ts"

/**
 * Makes a committed transaction's segments into chunks: joins small ones (a transaction may have a subtransaction
 * per row), and gives each change its ordinal. The commit's count must be the number of changes that will come.
 */
export class ChunkCutter {
  readonly #commit: Commit
  readonly #limits: ChunkLimits
  #ordinal = 0
  #changes = new ChangePacker()
  #bytes = 0

  constructor(commit: Commit, limits: ChunkLimits) {
    this.#commit = commit
    this.#limits = limits
  }

  /** The chunk before this segment, if it is full without it. */
  add({ changes, bytes }: Segment): TransactionChunk | null {
    const { count } = this.#changes
    const isFull =
      count > 0 && (count + changes.count > this.#limits.changes || this.#bytes + bytes > this.#limits.bytes)
    const chunk = isFull ? this.#cut() : null
    this.#changes.add(changes)
    this.#bytes += bytes
    return chunk
  }

  /** The last chunk, after the last segment; null when there was none. */
  finish(): TransactionChunk | null {
    return this.#changes.count === 0 ? null : this.#cut()
  }

  #cut(): TransactionChunk {
    const changes = this.#changes.finish()
    const firstOrdinal = this.#ordinal
    this.#ordinal += changes.count
    const last = this.#ordinal === this.#commit.count
    const chunk = new PackedChunk({ commit: this.#commit, firstOrdinal, last, bytes: this.#bytes }, changes)
    this.#changes = new ChangePacker()
    this.#bytes = 0
    return chunk
  }
}
