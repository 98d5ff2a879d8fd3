import type { Change } from "../../src/domain/Change.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"

const column = { typeOid: 23, typmod: -1, typeName: "", key: true }

/** Two tables, so that a filter has something to leave out. */
const orders = makeRelation({
  schema: "shop",
  name: "orders",
  identity: "default",
  columns: [{ name: "id", ...column }]
})
const stock = makeRelation({
  schema: "shop",
  name: "stock",
  identity: "default",
  columns: [{ name: "id", ...column }]
})

const insert = (table: "orders" | "stock", id: string): Change => ({
  op: "insert",
  relation: table === "orders" ? orders : stock,
  after: [id]
})

/** Commit time of a transaction that is `seconds` into the history. */
export const at = (seconds: number): number => Math.round(seconds * 1_000_000)

/** One transaction, cut into chunks of `chunkSize` changes. Ids are `seq:ordinal`. */
export const transaction = (
  seq: number,
  commitTime: number,
  tables: ReadonlyArray<"orders" | "stock">,
  chunkSize = 1000
): ReadonlyArray<ArchivedChunk> => {
  const commit = {
    xid: seq,
    commitLsn: BigInt(seq) * 256n,
    endLsn: BigInt(seq) * 256n + 48n,
    commitTime,
    origin: null,
    count: tables.length
  }
  const chunks: Array<ArchivedChunk> = []
  for (let from = 0; from < tables.length; from += chunkSize) {
    const part = tables.slice(from, from + chunkSize)
    chunks.push({
      commit,
      incarnation: 1,
      seq,
      firstOrdinal: from,
      changes: part.map((table, i) => insert(table, `${seq}:${from + i}`)),
      last: from + part.length === tables.length,
      bytes: part.length * 100
    })
  }
  return chunks
}

/** Transactions of one change each, `gap` seconds apart, from seq 1 on. */
export const steady = (count: number, gap = 1): ReadonlyArray<ArchivedChunk> =>
  Array.from({ length: count }, (_, i) => transaction(i + 1, at((i + 1) * gap), ["orders"])).flat()
