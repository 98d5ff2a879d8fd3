import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { TransactionChunk } from "../domain/Transaction.ts"
import type { LogicalMessage } from "./ReplicationMessage.ts"

/** A stretch of a committed transaction: the chunks of one follow each other, transactions come in commit order. */
export interface ChunkItem {
  readonly _tag: "Chunk"
  readonly chunk: TransactionChunk
}

/** A commit of which nothing is published: it gets no seq, but its end moves the frontier. */
export interface EmptyItem {
  readonly _tag: "Empty"
  readonly endLsn: Lsn
  readonly commitTime: Micros
}

/** What the assembler hands on. A `Message` is non-transactional and goes to the live feed only. */
export type SourceItem = ChunkItem | EmptyItem | LogicalMessage
