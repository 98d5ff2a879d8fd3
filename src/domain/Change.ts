import type { Relation } from "./Relation.ts"

/** A TOASTed value that the UPDATE did not touch: PostgreSQL does not send it. */
export const unchanged = 1
/** A column of an old row that is not part of the replica identity: never sent, and not null. */
export const absent = 2

/** A column's value: PostgreSQL's own text, null, or the reason why there is no value. */
export type Cell = string | null | typeof unchanged | typeof absent

/** One cell per column of the relation, in its order. */
export type Row = ReadonlyArray<Cell>

export interface Insert {
  readonly op: "insert"
  readonly relation: Relation
  readonly after: Row
}

export interface Update {
  readonly op: "update"
  readonly relation: Relation
  /**
   * The old row: all columns under REPLICA IDENTITY FULL; the key columns (others `absent`) when the key
   * changed; null when PostgreSQL sent none, which means that the key is the one in `after`.
   */
  readonly before: Row | null
  /** Cells may be `unchanged`. */
  readonly after: Row
}

export interface Delete {
  readonly op: "delete"
  readonly relation: Relation
  /** The key columns (others `absent`), or all columns under REPLICA IDENTITY FULL. */
  readonly before: Row
}

export interface Truncate {
  readonly op: "truncate"
  /** One statement's list: it must be truncated as one, or foreign keys refuse. */
  readonly relations: ReadonlyArray<Relation>
  readonly cascade: boolean
  readonly restartIdentity: boolean
}

/** A transactional `pg_logical_emit_message`. */
export interface Message {
  readonly op: "message"
  readonly prefix: string
  /** The content in base64. */
  readonly content: string
}

export type RowChange = Insert | Update | Delete
export type Change = RowChange | Truncate | Message
export type Operation = Change["op"]

export const operations: ReadonlyArray<Operation> = ["insert", "update", "delete", "truncate", "message"]
