import { Schema } from "effect"
import { absent, type Change, operations, type Row, unchanged } from "./Change.ts"
import { formatLsn } from "./Lsn.ts"
import { formatMicros } from "./Micros.ts"
import { formatPosition } from "./Position.ts"
import type { Relation } from "./Relation.ts"
import type { ArchivedChunk } from "./Transaction.ts"

const Values = Schema.Record(Schema.String, Schema.NullOr(Schema.String))

/** A change as the API, the live feed and other consumers see it. Values are PostgreSQL's text. */
export const Event = Schema.Struct({
  position: Schema.String,
  seq: Schema.Int,
  commit_lsn: Schema.String,
  ordinal: Schema.Int,
  tx_count: Schema.Int,
  xid: Schema.Int,
  commit_time: Schema.String,
  source: Schema.String,
  /** Null for a logical message, which belongs to no table. */
  schema: Schema.NullOr(Schema.String),
  /** For a TRUNCATE of several tables the first; `tables` has all. */
  table: Schema.NullOr(Schema.String),
  operation: Schema.Literals(operations),
  /** The replica identity's columns, null when the change names no row. */
  key: Schema.NullOr(Values),
  before: Schema.NullOr(Values),
  after: Schema.NullOr(Values),
  /** Columns whose TOASTed value the change did not touch: their value is not null but unknown here. */
  unchanged: Schema.Array(Schema.String),
  /** TRUNCATE: every `schema.table` of the statement, and its options. */
  truncate: Schema.optionalKey(
    Schema.Struct({
      tables: Schema.Array(Schema.String),
      cascade: Schema.Boolean,
      restart_identity: Schema.Boolean
    })
  ),
  /** A logical message: its prefix and base64 content. */
  message: Schema.optionalKey(Schema.Struct({ prefix: Schema.String, content: Schema.String }))
})
export type Event = typeof Event.Type

const values = (
  relation: Relation,
  row: Row | null,
  keysOnly = false
): Record<string, string | null> | null => {
  if (row === null) return null
  const named: Record<string, string | null> = {}
  for (const [i, column] of relation.columns.entries()) {
    const cell = row[i]
    if (cell === undefined || cell === absent || cell === unchanged || (keysOnly && !column.key)) continue
    named[column.name] = cell
  }
  return named
}

const none = { schema: null, table: null, key: null, before: null, after: null, unchanged: [] }

const body = (change: Change) => {
  if (change.op === "message") {
    return { ...none, operation: change.op, message: { prefix: change.prefix, content: change.content } }
  }
  if (change.op === "truncate") {
    const [first] = change.relations
    return {
      ...none,
      operation: change.op,
      schema: first?.schema ?? null,
      table: first?.name ?? null,
      truncate: {
        tables: change.relations.map((relation) => `${relation.schema}.${relation.name}`),
        cascade: change.cascade,
        restart_identity: change.restartIdentity
      }
    }
  }
  const { relation } = change
  const before = change.op === "insert" ? null : change.before
  const after = change.op === "delete" ? null : change.after
  return {
    operation: change.op,
    schema: relation.schema,
    table: relation.name,
    key: values(relation, before ?? after, true),
    before: values(relation, before),
    after: values(relation, after),
    unchanged:
      after === null ? [] : relation.columns.flatMap((c, i) => (after[i] === unchanged ? [c.name] : []))
  }
}

/** All changes of a chunk as events, in order. */
export const eventsOf = (source: string, chunk: ArchivedChunk): ReadonlyArray<Event> => {
  const { commit } = chunk
  return chunk.changes.map((change, i) => ({
    position: formatPosition({
      incarnation: chunk.incarnation,
      commitLsn: commit.commitLsn,
      ordinal: chunk.firstOrdinal + i
    }),
    seq: chunk.seq,
    commit_lsn: formatLsn(commit.commitLsn),
    ordinal: chunk.firstOrdinal + i,
    tx_count: commit.count,
    xid: commit.xid,
    commit_time: formatMicros(commit.commitTime),
    source,
    ...body(change)
  }))
}
