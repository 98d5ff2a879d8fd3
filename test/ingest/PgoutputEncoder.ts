import { type Cell, type Change, type Row, unchanged } from "../../src/domain/Change.ts"
import type { Lsn } from "../../src/domain/Lsn.ts"
import { type Micros, postgresEpoch } from "../../src/domain/Micros.ts"
import type { Relation, ReplicaIdentity } from "../../src/domain/Relation.ts"

const uint8 = (value: number) => Buffer.of(value)

const uint16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

const uint64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes
}

const kind = (letter: string) => Buffer.from(letter, "latin1")
const name = (text: string) => Buffer.from(`${text}\0`)
const time = (micros: Micros) => uint64(BigInt(micros) - BigInt(postgresEpoch))

/** Inside a stream block each message names its transaction; 0 for outside. */
const owner = (xid: number) => (xid === 0 ? Buffer.alloc(0) : uint32(xid))

const identityLetters: { readonly [I in ReplicaIdentity]: string } = {
  default: "d",
  nothing: "n",
  full: "f",
  index: "i"
}

const cell = (value: Cell) => {
  if (value === unchanged) return kind("u")
  // The server sends null for the columns of a key tuple that are not in the key.
  if (value === null || typeof value === "number") return kind("n")
  const bytes = Buffer.from(value)
  return Buffer.concat([kind("t"), uint32(bytes.length), bytes])
}

const tuple = (row: Row) => Buffer.concat([uint16(row.length), ...row.map(cell)])

const oldRow = (relation: Relation, row: Row) =>
  Buffer.concat([kind(relation.identity === "full" ? "O" : "K"), tuple(row)])

/** Writes pgoutput messages as PostgreSQL does; `xid` 0 for outside a stream block. */
export const PgoutputEncoder = {
  begin: (commitLsn: Lsn, commitTime: Micros, xid: number) =>
    Buffer.concat([kind("B"), uint64(commitLsn), time(commitTime), uint32(xid)]),
  commit: (commitLsn: Lsn, endLsn: Lsn, commitTime: Micros) =>
    Buffer.concat([kind("C"), uint8(0), uint64(commitLsn), uint64(endLsn), time(commitTime)]),
  origin: (lsn: Lsn, origin: string) => Buffer.concat([kind("O"), uint64(lsn), name(origin)]),
  type: (xid: number, oid: number, schema: string, type: string) =>
    Buffer.concat([kind("Y"), owner(xid), uint32(oid), name(schema), name(type)]),
  relation: (xid: number, oid: number, relation: Relation) =>
    Buffer.concat([
      kind("R"),
      owner(xid),
      uint32(oid),
      name(relation.schema),
      name(relation.name),
      kind(identityLetters[relation.identity]),
      uint16(relation.columns.length),
      ...relation.columns.flatMap((column) => [
        uint8(column.key ? 1 : 0),
        name(column.name),
        uint32(column.typeOid),
        uint32(column.typmod)
      ])
    ]),
  /** Any change; `oidOf` gives the number under which its relations were described. */
  change: (xid: number, change: Change, oidOf: (relation: Relation) => number): Buffer => {
    switch (change.op) {
      case "insert":
        return Buffer.concat([
          kind("I"),
          owner(xid),
          uint32(oidOf(change.relation)),
          kind("N"),
          tuple(change.after)
        ])
      case "update":
        return Buffer.concat([
          kind("U"),
          owner(xid),
          uint32(oidOf(change.relation)),
          change.before === null ? Buffer.alloc(0) : oldRow(change.relation, change.before),
          kind("N"),
          tuple(change.after)
        ])
      case "delete":
        return Buffer.concat([
          kind("D"),
          owner(xid),
          uint32(oidOf(change.relation)),
          oldRow(change.relation, change.before)
        ])
      case "truncate":
        return Buffer.concat([
          kind("T"),
          owner(xid),
          uint32(change.relations.length),
          uint8((change.cascade ? 1 : 0) + (change.restartIdentity ? 2 : 0)),
          ...change.relations.map((relation) => uint32(oidOf(relation)))
        ])
      case "message":
        return PgoutputEncoder.message(xid, true, 0n, change.prefix, Buffer.from(change.content, "base64"))
    }
  },
  message: (xid: number, transactional: boolean, lsn: Lsn, prefix: string, content: Buffer): Buffer =>
    Buffer.concat([
      kind("M"),
      owner(xid),
      uint8(transactional ? 1 : 0),
      uint64(lsn),
      name(prefix),
      uint32(content.length),
      content
    ]),
  streamStart: (xid: number, first: boolean) => Buffer.concat([kind("S"), uint32(xid), uint8(first ? 1 : 0)]),
  streamStop: () => kind("E"),
  streamCommit: (xid: number, commitLsn: Lsn, endLsn: Lsn, commitTime: Micros) =>
    Buffer.concat([kind("c"), uint32(xid), uint8(0), uint64(commitLsn), uint64(endLsn), time(commitTime)]),
  streamAbort: (xid: number, subxid: number) => Buffer.concat([kind("A"), uint32(xid), uint32(subxid)])
}
