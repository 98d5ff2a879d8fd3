import type { Change } from "./Change.ts"
import type { ReadHints } from "./Log.ts"
import type { Lsn } from "./Lsn.ts"
import type { Micros } from "./Micros.ts"
import type { PackedChanges } from "./PackedChanges.ts"

/** What a committed transaction is known by. */
export interface Commit {
  readonly xid: number
  /** Where its commit record starts: with an ordinal it names a change. */
  readonly commitLsn: Lsn
  /** Where its commit record ends: what is confirmed to PostgreSQL once all of it is durable. */
  readonly endLsn: Lsn
  /** By the source's clock. Not monotonic in commit order. */
  readonly commitTime: Micros
  /** The replication origin it was applied under, if any. */
  readonly origin: string | null
  /** How many changes the whole transaction has; at least 1. */
  readonly count: number
}

/**
 * A stretch of one committed transaction, in order: a transaction may be larger than memory, so the seams
 * carry it in chunks. Chunks of a transaction follow each other without another's between them; their
 * ordinals are dense from 0.
 */
export interface TransactionChunk {
  readonly commit: Commit
  readonly firstOrdinal: number
  /** At least one. */
  readonly changes: ReadonlyArray<Change>
  /** The same as text, where it was made already: a store takes this and need not look at `changes`. */
  readonly packed?: PackedChanges
  /** Whether the transaction ends here. */
  readonly last: boolean
  /** Bytes of the changes on the wire: what memory budgets count. */
  readonly bytes: number
}

/** A chunk that has its place in the log. */
export interface ArchivedChunk extends TransactionChunk {
  /** 1, 2, 3 … per source, across incarnations, without a gap. */
  readonly seq: number
  readonly incarnation: number
  /** With what was read from a store that has such: from where on what follows this chunk lies. */
  readonly hints?: ReadHints
}

/** How many changes the chunk has; does not decode those of a packed one. */
export const changeCount = (chunk: Pick<TransactionChunk, "changes" | "packed">): number =>
  chunk.packed?.count ?? chunk.changes.length
