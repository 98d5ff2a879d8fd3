import { absent, type Cell, type Change, type Row, unchanged } from "../domain/Change.ts"
import type { Position } from "../domain/Position.ts"
import type { Relation } from "../domain/Relation.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import {
  CellKind,
  type Change as ChangeWire,
  type Chunk as ChunkWire,
  type Position as PositionWire,
  type Row as RowWire
} from "./generated/walstream/v1/change.ts"
import { fromWide } from "./WireNumber.ts"

/*
 * Changes as the protocol carries them, and back. What comes from the wire is checked as far as the applier relies on
 * it: a RangeError says what is wrong, without any value of a cell.
 */

const kindOf = (cell: Cell): CellKind => {
  if (typeof cell === "string") return CellKind.CELL_KIND_TEXT
  if (cell === null) return CellKind.CELL_KIND_NULL
  return cell === unchanged ? CellKind.CELL_KIND_UNCHANGED : CellKind.CELL_KIND_ABSENT
}

const rowToWire = (row: Row): RowWire => {
  const cells = new Array<string>(row.length)
  let texts = true
  for (let i = 0; i < row.length; i++) {
    const cell = row[i]
    const isText = typeof cell === "string"
    cells[i] = isText ? cell : ""
    texts &&= isText
  }
  return { cells, kinds: texts ? [] : row.map(kindOf) }
}

const cellOf = (kind: CellKind | undefined, text: string | undefined): Cell => {
  switch (kind) {
    case CellKind.CELL_KIND_TEXT:
      return text ?? ""
    case CellKind.CELL_KIND_NULL:
      return null
    case CellKind.CELL_KIND_UNCHANGED:
      return unchanged
    case CellKind.CELL_KIND_ABSENT:
      return absent
    default:
      throw new RangeError(`unknown kind of cell ${kind}`)
  }
}

const rowFromWire = (row: RowWire | undefined, relation: Relation): Row => {
  if (row === undefined) throw new RangeError(`a change of ${relation.schema}.${relation.name} lacks its row`)
  const { cells, kinds } = row
  if (cells.length !== relation.columns.length)
    throw new RangeError(`a row of ${relation.schema}.${relation.name} has ${cells.length} cells`)
  if (kinds.length === 0) return cells
  if (kinds.length !== cells.length) throw new RangeError("a row has more or fewer kinds than cells")
  return cells.map((text, i) => cellOf(kinds[i], text))
}

const changeToWire = (change: Change, numberOf: (relation: Relation) => number): ChangeWire => {
  switch (change.op) {
    case "insert": {
      const value = { relation: numberOf(change.relation), after: rowToWire(change.after) }
      return { operation: { $case: "insert", value } }
    }
    case "update": {
      const before = change.before === null ? undefined : rowToWire(change.before)
      const value = { relation: numberOf(change.relation), after: rowToWire(change.after), before }
      return { operation: { $case: "update", value } }
    }
    case "delete": {
      const value = { relation: numberOf(change.relation), before: rowToWire(change.before) }
      return { operation: { $case: "delete", value } }
    }
    case "truncate": {
      const { cascade, restartIdentity } = change
      const value = { relations: change.relations.map(numberOf), cascade, restartIdentity }
      return { operation: { $case: "truncate", value } }
    }
    case "message": {
      const value = { prefix: change.prefix, content: Buffer.from(change.content, "base64") }
      return { operation: { $case: "message", value } }
    }
  }
}

export const changeFromWire = ({ operation }: ChangeWire, relationAt: (id: number) => Relation): Change => {
  switch (operation?.$case) {
    case "insert": {
      const relation = relationAt(operation.value.relation)
      return { op: "insert", relation, after: rowFromWire(operation.value.after, relation) }
    }
    case "update": {
      const { after, before } = operation.value
      const relation = relationAt(operation.value.relation)
      return {
        op: "update",
        relation,
        after: rowFromWire(after, relation),
        before: before === undefined ? null : rowFromWire(before, relation)
      }
    }
    case "delete": {
      const relation = relationAt(operation.value.relation)
      return { op: "delete", relation, before: rowFromWire(operation.value.before, relation) }
    }
    case "truncate": {
      const { relations, cascade, restartIdentity } = operation.value
      if (relations.length === 0) throw new RangeError("a truncate names no relation")
      return { op: "truncate", relations: relations.map(relationAt), cascade, restartIdentity }
    }
    case "message": {
      const { prefix, content } = operation.value
      return { op: "message", prefix, content: Buffer.from(content).toString("base64") }
    }
    default:
      throw new RangeError("a change has no operation that this version knows")
  }
}

export const chunkToWire = (chunk: ArchivedChunk, numberOf: (relation: Relation) => number): ChunkWire => {
  const { commit } = chunk
  return {
    seq: BigInt(chunk.seq),
    incarnation: chunk.incarnation,
    commit: {
      xid: commit.xid,
      commitLsn: commit.commitLsn,
      endLsn: commit.endLsn,
      commitTime: BigInt(commit.commitTime),
      origin: commit.origin ?? undefined,
      count: BigInt(commit.count)
    },
    firstOrdinal: BigInt(chunk.firstOrdinal),
    last: chunk.last,
    bytes: BigInt(chunk.bytes),
    changes: chunk.changes.map((change) => changeToWire(change, numberOf))
  }
}

export const chunkFromWire = (chunk: ChunkWire, relationAt: (id: number) => Relation): ArchivedChunk => {
  const { commit } = chunk
  if (commit === undefined || chunk.changes.length === 0)
    throw new RangeError("a chunk lacks its commit or its changes")
  return {
    seq: fromWide(chunk.seq),
    incarnation: chunk.incarnation,
    commit: {
      xid: commit.xid,
      commitLsn: commit.commitLsn,
      endLsn: commit.endLsn,
      commitTime: fromWide(commit.commitTime),
      origin: commit.origin ?? null,
      count: fromWide(commit.count)
    },
    firstOrdinal: fromWide(chunk.firstOrdinal),
    last: chunk.last,
    bytes: fromWide(chunk.bytes),
    changes: chunk.changes.map((change) => changeFromWire(change, relationAt))
  }
}

export const positionToWire = (position: Position): PositionWire => ({
  seq: BigInt(position.seq),
  ordinal: BigInt(position.ordinal)
})

export const positionFromWire = (position: PositionWire): Position => ({
  seq: fromWide(position.seq),
  ordinal: fromWide(position.ordinal)
})
