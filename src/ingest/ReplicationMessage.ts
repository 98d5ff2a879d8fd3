import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { PackedChanges } from "../domain/PackedChanges.ts"
import type { Relation } from "../domain/Relation.ts"

/** A transaction that comes whole, after its commit. Its changes follow, then `Commit`. */
export interface Begin {
  readonly _tag: "Begin"
  readonly xid: number
  readonly commitLsn: Lsn
  readonly commitTime: Micros
}

/** Ends the transaction that the last `Begin` opened. */
export interface CommitMessage {
  readonly _tag: "Commit"
  readonly commitLsn: Lsn
  /** One past the commit record: what is confirmed once the transaction is durable. */
  readonly endLsn: Lsn
  readonly commitTime: Micros
}

/** The replication origin under which the open transaction was applied at the source. */
export interface OriginMessage {
  readonly _tag: "Origin"
  readonly name: string
}

/** A table's shape, before its first change and after each alteration. Changes carry it themselves. */
export interface RelationMessage {
  readonly _tag: "Relation"
  readonly relation: Relation
}

/** Changes of the open transaction that follow each other. */
export interface ChangeMessage {
  readonly _tag: "Change"
  /** Inside a stream block the (sub)transaction that made it, elsewhere 0. */
  readonly xid: number
  /** One, or several rows' of one table. */
  readonly change: PackedChanges
  /** Their size on the wire. */
  readonly bytes: number
}

/** A non-transactional `pg_logical_emit_message`: belongs to no transaction, whatever surrounds it. */
export interface LogicalMessage {
  readonly _tag: "Message"
  readonly lsn: Lsn
  readonly prefix: string
  /** The content in base64. */
  readonly content: string
}

/** A block of changes of a transaction in progress begins. */
export interface StreamStart {
  readonly _tag: "StreamStart"
  /** The top-level transaction. */
  readonly xid: number
  /** Whether it is the transaction's first block. */
  readonly first: boolean
}

export interface StreamStop {
  readonly _tag: "StreamStop"
}

export interface StreamCommit {
  readonly _tag: "StreamCommit"
  readonly xid: number
  readonly commitLsn: Lsn
  readonly endLsn: Lsn
  readonly commitTime: Micros
}

/** Drops what a subtransaction did, or all of the transaction when both are the same. */
export interface StreamAbort {
  readonly _tag: "StreamAbort"
  readonly xid: number
  readonly subxid: number
}

/** What a slot's output plugin says, whichever plugin it is. Holds no view into the transport's buffer. */
export type ReplicationMessage =
  | Begin
  | CommitMessage
  | OriginMessage
  | RelationMessage
  | ChangeMessage
  | LogicalMessage
  | StreamStart
  | StreamStop
  | StreamCommit
  | StreamAbort
