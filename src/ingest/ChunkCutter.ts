import type { Change } from "../domain/Change.ts"
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
  #changes: ReadonlyArray<Change> = []
  /** The same array once it is ours: a segment's own is not written to. */
  #joined: Array<Change> | null = null
  #bytes = 0

  constructor(commit: Commit, limits: ChunkLimits) {
    this.#commit = commit
    this.#limits = limits
  }

  /** The chunk before this segment, if it is full without it. */
  add(segment: Segment): TransactionChunk | null {
    if (segment.changes.length === 0) return null
    if (this.#changes.length === 0) {
      this.#start(segment)
      return null
    }
    if (
      this.#changes.length + segment.changes.length > this.#limits.changes ||
      this.#bytes + segment.bytes > this.#limits.bytes
    ) {
      const chunk = this.#cut()
      this.#start(segment)
      return chunk
    }
    this.#joined ??= this.#changes.slice()
    for (const change of segment.changes) this.#joined.push(change)
    this.#changes = this.#joined
    this.#bytes += segment.bytes
    return null
  }

  /** The last chunk, after the last segment; null when there was none. */
  finish(): TransactionChunk | null {
    return this.#changes.length === 0 ? null : this.#cut()
  }

  #start(segment: Segment): void {
    this.#changes = segment.changes
    this.#joined = null
    this.#bytes = segment.bytes
  }

  #cut(): TransactionChunk {
    const firstOrdinal = this.#ordinal
    const changes = this.#changes
    this.#ordinal += changes.length
    this.#changes = []
    return {
      commit: this.#commit,
      firstOrdinal,
      changes,
      last: this.#ordinal === this.#commit.count,
      bytes: this.#bytes
    }
  }
}
