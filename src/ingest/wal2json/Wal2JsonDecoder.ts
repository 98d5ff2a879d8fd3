import { absent, type Cell, type Change, type Row, unchanged } from "../../domain/Change.ts"
import type { Lsn } from "../../domain/Lsn.ts"
import { packChanges } from "../../domain/PackedChanges.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { Decoder } from "../Decoder.ts"
import { type ExcludedColumns, isExcluded } from "../ExcludedColumns.ts"
import type { ReplicationMessage } from "../ReplicationMessage.ts"
import { Wal2JsonRecord, type WireColumn } from "./Wal2JsonRecord.ts"
import { Wal2JsonShapes } from "./Wal2JsonShapes.ts"

/** A TRUNCATE's tables so far. */
interface OpenTruncate {
  readonly lsn: Lsn
  readonly relations: Array<Relation>
  bytes: number
}

/** The values in the relation's order, `missing` for those that are not there. */
const arrange = (relation: Relation, columns: ReadonlyArray<WireColumn>, missing: Cell): Row => {
  let at = 0
  return relation.columns.map((column) => {
    const next = columns[at]
    if (next?.name !== column.name) return missing
    at++
    return next.cell
  })
}

const namesSameRow = (relation: Relation, before: Row, after: Row): boolean =>
  relation.columns.every((column, i) => !column.key || before[i] === after[i])

/**
 * Decodes wal2json's format version 2, started with `wal2jsonOptions`. Every transaction comes whole. What the
 * plugin loses is in docs/wal2json.md.
 */
export class Wal2JsonDecoder implements Decoder {
  readonly #shapes = new Wal2JsonShapes()
  readonly #excluded: ExcludedColumns
  /** One TRUNCATE comes as a record per table, all with one LSN: it is whole when another record comes. */
  #truncate: OpenTruncate | null = null

  constructor(options: { readonly excluded: ExcludedColumns }) {
    this.#excluded = options.excluded
  }

  decode(message: Buffer, into: Array<ReplicationMessage>, start = 0, end = message.length): void {
    const record = new Wal2JsonRecord(message.subarray(start, end))
    if (record.action === "T") {
      this.#addTruncate(record, into)
      return
    }
    this.#endTruncate(into)
    switch (record.action) {
      case "I":
      case "U":
      case "D": {
        const change = this.#row(record, into)
        into.push({ _tag: "Change", xid: 0, change: packChanges([change]), bytes: record.bytes })
        return
      }
      case "B":
        into.push({
          _tag: "Begin",
          xid: record.uint32("xid"),
          commitLsn: record.lsn("lsn"),
          commitTime: record.micros("timestamp")
        })
        // Its number at the source; 0 is none.
        if (record.uint32("origin") !== 0)
          into.push({ _tag: "Origin", name: String(record.uint32("origin")) })
        return
      case "C":
        into.push({
          _tag: "Commit",
          commitLsn: record.lsn("lsn"),
          endLsn: record.lsn("nextlsn"),
          commitTime: record.micros("timestamp")
        })
        return
      case "M":
        into.push(this.#message(record))
        return
      default:
        record.fail("no action of format version 2")
    }
  }

  #message(record: Wal2JsonRecord): ReplicationMessage {
    const prefix = record.text("prefix")
    const content = Buffer.from(record.text("content")).toString("base64")
    return record.boolean("transactional")
      ? {
          _tag: "Change",
          xid: 0,
          change: packChanges([{ op: "message", prefix, content }]),
          bytes: record.bytes
        }
      : { _tag: "Message", lsn: record.lsn("lsn"), prefix, content }
  }

  #row(record: Wal2JsonRecord, into: Array<ReplicationMessage>): Change {
    const schema = record.text("schema")
    const table = record.text("table")
    const kept = (name: string) => !isExcluded(this.#excluded, schema, table, name)
    const columns = (field: string) => record.columns(field).filter((column) => kept(column.name))
    const pk = record.names("pk").filter(kept)
    const described = (relation: Relation) => {
      if (this.#shapes.isNew) into.push({ _tag: "Relation", relation })
      return relation
    }
    if (record.action === "I") {
      const after = columns("columns")
      const relation = described(this.#shapes.inserted(schema, table, after, pk))
      return { op: "insert", relation, after: arrange(relation, after, unchanged) }
    }
    if (record.action === "D") {
      const before = columns("identity")
      const relation = described(this.#shapes.deleted(schema, table, before, pk))
      return { op: "delete", relation, before: this.#arranged(record, relation, before, absent) }
    }
    const sent = columns("columns")
    const identity = record.has("identity") ? columns("identity") : null
    const relation = described(this.#shapes.updated(schema, table, sent, identity, pk))
    const after = this.#arranged(record, relation, sent, unchanged)
    if (identity === null) return { op: "update", relation, before: null, after }
    const before = this.#arranged(record, relation, identity, absent)
    // Without an old row the plugin makes up the identity from the new one.
    const same = relation.identity !== "full" && namesSameRow(relation, before, after)
    return { op: "update", relation, before: same ? null : before, after }
  }

  /** Every value that was sent must have found its column. */
  #arranged(
    record: Wal2JsonRecord,
    relation: Relation,
    columns: ReadonlyArray<WireColumn>,
    missing: Cell
  ): Row {
    const row = arrange(relation, columns, missing)
    let placed = 0
    for (const cell of row) if (cell !== missing) placed++
    if (placed !== columns.length) record.fail(`columns that table ${tableName(relation)} does not have`)
    return row
  }

  #addTruncate(record: Wal2JsonRecord, into: Array<ReplicationMessage>): void {
    const lsn = record.lsn("lsn")
    if (this.#truncate !== null && this.#truncate.lsn !== lsn) this.#endTruncate(into)
    const relation = this.#shapes.truncated(record.text("schema"), record.text("table"))
    if (this.#shapes.isNew) into.push({ _tag: "Relation", relation })
    this.#truncate ??= { lsn, relations: [], bytes: 0 }
    this.#truncate.relations.push(relation)
    this.#truncate.bytes += record.bytes
  }

  #endTruncate(into: Array<ReplicationMessage>): void {
    if (this.#truncate === null) return
    const { relations, bytes } = this.#truncate
    this.#truncate = null
    into.push({
      _tag: "Change",
      xid: 0,
      change: packChanges([{ op: "truncate", relations, cascade: false, restartIdentity: false }]),
      bytes
    })
  }
}
