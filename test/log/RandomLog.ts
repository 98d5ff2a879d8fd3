import { absent, type Cell, type Change, type Row, unchanged } from "../../src/domain/Change.ts"
import type { Incarnation, Mark } from "../../src/domain/Log.ts"
import { makeRelation, type Relation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk, Commit } from "../../src/domain/Transaction.ts"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { Dice } from "./Dice.ts"

export interface RandomLogOptions {
  readonly seed: number
  /** The greatest number of changes in an ordinary transaction. Default 8. */
  readonly maxChanges?: number
  /** One in so many transactions is large: up to 3000 changes. Default 25; 0 for none. */
  readonly largeOneIn?: number
  /** The greatest number of changes in a chunk. Default 400. */
  readonly chunkChanges?: number
  /** Commit times go back by up to this many microseconds. Default 2_000_000. */
  readonly backwards?: number
  /** Where the log begins. Default 1. */
  readonly firstSeq?: number
  readonly incarnation?: number
  /** Commit LSNs begin after it; commit times, in microseconds. */
  readonly after?: { readonly lsn: bigint; readonly time: number }
}

const column = (name: string, key = false, typeOid = 25) => ({ name, typeOid, typmod: -1, typeName: "", key })

const table = (name: string, columns: Relation["columns"]) =>
  makeRelation({ schema: "public", name, identity: "default", columns })

/** What random changes are about: three tables, one of them in two versions. */
const randomRelations: ReadonlyArray<Relation> = [
  table("orders", [column("id", true, 20), column("customer"), column("total", false, 1700)]),
  table("orders", [column("id", true, 20), column("customer"), column("total", false, 1700), column("note")]),
  table("stock", [column("sku", true), column("warehouse", true, 23), column("amount", false, 23)]),
  table("Größen", [column("a b", true), column('q"uote')])
]

const texts = [
  "",
  "0",
  "NaN",
  "a'b\"c\\d",
  "Zürich 🌍",
  "line\nbreak",
  "t",
  "-infinity",
  "{1,NULL}",
  "\u0001"
]

const cell = (dice: Dice, missing: Cell): Cell =>
  dice.oneIn(8) ? null : dice.oneIn(12) ? missing : dice.oneIn(3) ? dice.pick(texts) : String(dice.below(1e6))

const row = (dice: Dice, relation: Relation, missing: Cell): Row =>
  relation.columns.map((c) => (c.key ? String(dice.below(500)) : cell(dice, missing)))

const change = (dice: Dice): Change => {
  const relation = dice.pick(randomRelations)
  const kind = dice.below(100)
  if (kind < 55) return { op: "insert", relation, after: row(dice, relation, null) }
  if (kind < 80) {
    const before = dice.oneIn(3) ? row(dice, relation, absent) : null
    return { op: "update", relation, before, after: row(dice, relation, unchanged) }
  }
  if (kind < 96) return { op: "delete", relation, before: row(dice, relation, absent) }
  if (kind < 98) return { op: "message", prefix: "audit", content: "AAEC" }
  const relations = dice.oneIn(2) ? [relation] : [...randomRelations.slice(2), relation]
  return { op: "truncate", relations, cascade: dice.oneIn(2), restartIdentity: dice.oneIn(2) }
}

/** One whole transaction, in chunks. */
export type RandomTransaction = ReadonlyArray<ArchivedChunk>

/** Cuts the same changes at other places; bytes are shared out, none is lost. */
export const recut = (dice: Dice, chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<ArchivedChunk> =>
  chunks.flatMap((chunk) => {
    if (chunk.changes.length < 2 || dice.oneIn(3)) return [chunk]
    const at = chunk.firstOrdinal + 1 + dice.below(chunk.changes.length - 1)
    return [sliceChunk(chunk, chunk.firstOrdinal, at), sliceChunk(chunk, at)]
  })

/** An endless log of random transactions that obeys every rule of a log. The same seed gives the same log. */
export class RandomLog {
  readonly dice: Dice
  readonly #options: Required<RandomLogOptions>
  #seq: number
  #lsn: bigint
  #time: number

  constructor(options: RandomLogOptions) {
    this.#options = {
      maxChanges: 8,
      largeOneIn: 25,
      chunkChanges: 400,
      backwards: 2_000_000,
      firstSeq: 1,
      incarnation: 1,
      after: { lsn: 0x1_5d00_0000n, time: Date.UTC(2026, 0, 1) * 1000 },
      ...options
    }
    this.dice = new Dice(options.seed)
    this.#seq = this.#options.firstSeq
    this.#lsn = this.#options.after.lsn
    this.#time = this.#options.after.time
  }

  #size(): number {
    const { maxChanges, largeOneIn } = this.#options
    const large = largeOneIn > 0 && this.dice.oneIn(largeOneIn)
    return large ? 500 + this.dice.below(2500) : 1 + this.dice.below(maxChanges)
  }

  /** The next one, with so many changes. */
  transaction(count: number = this.#size()): RandomTransaction {
    const { dice } = this
    const { chunkChanges, backwards, incarnation } = this.#options
    const seq = this.#seq++
    this.#lsn += BigInt(1 + dice.below(100_000))
    this.#time += dice.below(400_000)
    const commit: Commit = {
      xid: 700 + seq,
      commitLsn: this.#lsn,
      endLsn: this.#lsn + 48n,
      commitTime: this.#time - (dice.oneIn(4) ? dice.below(backwards + 1) : 0),
      origin: dice.oneIn(10) ? "upstream" : null,
      count
    }
    this.#lsn += 48n
    const chunks: Array<ArchivedChunk> = []
    for (let firstOrdinal = 0; firstOrdinal < count; ) {
      const size = Math.min(count - firstOrdinal, 1 + dice.below(chunkChanges))
      const changes = Array.from({ length: size }, () => change(dice))
      chunks.push({
        seq,
        incarnation,
        commit,
        firstOrdinal,
        changes,
        last: firstOrdinal + size === count,
        bytes: size * 40 + dice.below(100)
      })
      firstOrdinal += size
    }
    return chunks
  }

  transactions(count: number): ReadonlyArray<RandomTransaction> {
    return Array.from({ length: count }, () => this.transaction())
  }
}

export const randomIncarnation = (number = 1, firstSeq = 1): Incarnation => ({
  number,
  systemIdentifier: "7300000000000000001",
  timeline: number,
  database: "shop",
  slot: "walstream_slot",
  firstSeq,
  startLsn: 0x100n,
  gap: number === 1 ? null : "failover"
})

/** The mark that says that everything up to the end of this transaction is stored. */
export const markAfter = (transaction: RandomTransaction, coverageTime = 0): Mark => {
  const last = transaction.at(-1)
  if (last === undefined) throw new Error("a transaction has a chunk")
  const { seq, incarnation, commit } = last
  const { commitLsn, endLsn } = commit
  return { seq, commitLsn, endLsn, partitions: 1, coverageTime, incarnation }
}
