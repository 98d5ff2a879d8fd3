import type { Change } from "./Change.ts"
import { type PackedChanges, packChanges } from "./PackedChanges.ts"
import type { ArchivedChunk, Commit, TransactionChunk } from "./Transaction.ts"

type Head = Omit<TransactionChunk, "changes" | "packed">

/**
 * A chunk that holds its changes as text; they are decoded at the first look at `changes`. Not to be spread: both are
 * getters.
 */
export class PackedChunk implements TransactionChunk {
  readonly commit: Commit
  readonly firstOrdinal: number
  readonly last: boolean
  readonly bytes: number
  readonly #packed: PackedChanges
  #changes: ReadonlyArray<Change> | undefined

  constructor(head: Head, packed: PackedChanges) {
    this.commit = head.commit
    this.firstOrdinal = head.firstOrdinal
    this.last = head.last
    this.bytes = head.bytes
    this.#packed = packed
  }

  get packed(): PackedChanges {
    return this.#packed
  }

  get changes(): ReadonlyArray<Change> {
    this.#changes ??= this.#packed.unpack()
    return this.#changes
  }
}

/** The same with its place in the log. */
export class ArchivedPackedChunk extends PackedChunk implements ArchivedChunk {
  readonly seq: number
  readonly incarnation: number

  constructor(head: Omit<ArchivedChunk, "changes" | "packed">, packed: PackedChanges) {
    super(head, packed)
    this.seq = head.seq
    this.incarnation = head.incarnation
  }
}

/** What the chunk was packed into, or is now. */
export const packedOf = (chunk: TransactionChunk): PackedChanges => chunk.packed ?? packChanges(chunk.changes)
