import type { Change } from "../../src/domain/Change.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { TransactionChunk } from "../../src/domain/Transaction.ts"

export const relation = makeRelation({ schema: "public", name: "t", identity: "default", columns: [] })
export const insert: Change = { op: "insert", relation, after: [] }

/** A chunk of one insert, of a transaction that ends at `end`. */
export const chunk = (end: number, firstOrdinal = 0, last = true, bytes = 10): TransactionChunk => ({
  commit: {
    xid: end,
    commitLsn: BigInt(end - 1),
    endLsn: BigInt(end),
    commitTime: end,
    origin: null,
    count: last ? firstOrdinal + 1 : firstOrdinal + 2
  },
  firstOrdinal,
  changes: [insert],
  last,
  bytes
})
