import type { DatabaseSync, StatementSync } from "node:sqlite"
import { crc32 } from "node:zlib"
import type { SegmentHeads } from "./Protocol.ts"
import { blobOf, integerOf, type Row, textOf } from "./Row.ts"
import { corrupt } from "./SqliteFault.ts"
import { decompressText } from "./Zstd.ts"

/** Everything but the blobs, in the order of the table. */
export interface SegmentRow {
  readonly id: number
  readonly firstSeq: number
  readonly firstOrdinal: number
  readonly lastSeq: number
  readonly lastOrdinal: number
  readonly complete: boolean
  readonly incarnation: number
  readonly changes: number
  readonly bytes: number
  readonly baseTime: number
  readonly maxTime: number
  readonly topTime: number
  readonly lastLsn: string
  readonly totalChanges: number
  readonly totalBytes: number
  readonly totalStored: number
  readonly compression: number
}

const columns = `id, first_seq, first_ordinal, last_seq, last_ordinal, complete, incarnation, changes, bytes, base_time,
  max_time, top_time, last_lsn, total_changes, total_bytes, total_stored, compression`

const toRow = (row: Row): SegmentRow => ({
  id: integerOf(row, "id"),
  firstSeq: integerOf(row, "first_seq"),
  firstOrdinal: integerOf(row, "first_ordinal"),
  lastSeq: integerOf(row, "last_seq"),
  lastOrdinal: integerOf(row, "last_ordinal"),
  complete: integerOf(row, "complete") === 1,
  incarnation: integerOf(row, "incarnation"),
  changes: integerOf(row, "changes"),
  bytes: integerOf(row, "bytes"),
  baseTime: integerOf(row, "base_time"),
  maxTime: integerOf(row, "max_time"),
  topTime: integerOf(row, "top_time"),
  lastLsn: textOf(row, "last_lsn"),
  totalChanges: integerOf(row, "total_changes"),
  totalBytes: integerOf(row, "total_bytes"),
  totalStored: integerOf(row, "total_stored"),
  compression: integerOf(row, "compression")
})

/** Over all that is stored of a segment, so that a flipped bit anywhere is noticed. */
export const checksum = (row: SegmentRow, heads: Uint8Array, body: Uint8Array): number =>
  crc32(body, crc32(heads, crc32(Object.values(row).join())))

/** A segment as it is stored, its blobs checked. */
export interface WholeRow {
  readonly row: SegmentRow
  readonly heads: Uint8Array<ArrayBuffer>
  readonly body: Uint8Array<ArrayBuffer>
}

const toWholeRow = (raw: Row): WholeRow => {
  const row = toRow(raw)
  const heads = blobOf(raw, "heads")
  const body = blobOf(raw, "body")
  if (checksum(row, heads, body) !== integerOf(raw, "crc")) {
    throw corrupt(
      `segment ${row.id} (transactions ${row.firstSeq} to ${row.lastSeq}) does not match its checksum`
    )
  }
  return { row, heads, body }
}

export const textOfBody = ({ row, body }: WholeRow): string =>
  (row.compression === 1
    ? decompressText(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  ).toString()

export const headsOf = ({ row, heads }: WholeRow): SegmentHeads => ({
  firstSeq: row.firstSeq,
  firstOrdinal: row.firstOrdinal,
  lastSeq: row.lastSeq,
  lastOrdinal: row.lastOrdinal,
  complete: row.complete,
  incarnation: row.incarnation,
  baseTime: row.baseTime,
  topTime: row.topTime,
  heads
})

/** Finding and reading segments; on the writing and on the reading connection. */
export class SegmentTable {
  readonly #edges: StatementSync
  readonly #row: StatementSync
  readonly #whole: StatementSync
  readonly #from: StatementSync

  constructor(db: DatabaseSync) {
    this.#edges = db.prepare(
      "SELECT (SELECT min(id) FROM segment) AS first, (SELECT max(id) FROM segment) AS last"
    )
    this.#row = db.prepare(`SELECT ${columns} FROM segment WHERE id = ?`)
    this.#whole = db.prepare(`SELECT ${columns}, crc, heads, body FROM segment WHERE id = ?`)
    this.#from = db.prepare(`SELECT ${columns}, crc, heads, body FROM segment WHERE id >= ? ORDER BY id`)
  }

  /** The first and the last id, or undefined when nothing is stored. */
  edges(): { readonly first: number; readonly last: number } | undefined {
    const row = this.#edges.get()
    return row?.["first"] === null
      ? undefined
      : { first: integerOf(row, "first"), last: integerOf(row, "last") }
  }

  row(id: number): SegmentRow | undefined {
    const row = this.#row.get(id)
    return row === undefined ? undefined : toRow(row)
  }

  whole(id: number): WholeRow | undefined {
    const row = this.#whole.get(id)
    return row === undefined ? undefined : toWholeRow(row)
  }

  /** All from this id on, one at a time. */
  *from(id: number): Generator<WholeRow> {
    let expected = id
    for (const raw of this.#from.iterate(id)) {
      const whole = toWholeRow(raw)
      if (whole.row.id !== expected) throw corrupt(`segment ${expected} is missing`)
      expected++
      yield whole
    }
  }

  /** The first segment for which it holds, where it holds for all that follow one for which it holds. */
  search(holds: (row: SegmentRow) => boolean): SegmentRow | undefined {
    const edges = this.edges()
    if (edges === undefined) return undefined
    let { first: low, last: high } = edges
    let found: SegmentRow | undefined
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.row(middle)
      if (row === undefined) throw corrupt(`segment ${middle} is missing`)
      if (holds(row)) {
        found = row
        high = middle - 1
      } else low = middle + 1
    }
    return found
  }
}
