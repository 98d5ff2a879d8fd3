import type { Coverage } from "../../src/domain/Log.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { Bound } from "../../src/log/Archive.ts"
import type { RandomTransaction } from "./RandomLog.ts"
import { countChanges } from "./ReadLog.ts"

/** What an archive holding exactly these whole transactions, in order, has to answer: the plainest way to say it. */
export class ArchiveModel {
  readonly transactions: ReadonlyArray<RandomTransaction>

  constructor(transactions: ReadonlyArray<RandomTransaction>) {
    this.transactions = transactions
  }

  get coverage(): Coverage {
    const heads = this.#heads
    const times = heads.map((head) => head.commit.commitTime)
    return {
      firstSeq: heads[0]?.seq ?? 1,
      nextSeq: (heads.at(-1)?.seq ?? 0) + 1,
      fromTime: times[0] ?? null,
      toTime: times.length === 0 ? null : Math.max(...times)
    }
  }

  get #heads(): ReadonlyArray<ArchivedChunk> {
    return this.transactions.flatMap((chunks) => chunks.slice(0, 1))
  }

  resolve(bound: Bound): number {
    const newest = Math.max(...this.#heads.map((head) => head.incarnation))
    const found = this.#heads.find((head) =>
      bound._tag === "Time"
        ? head.commit.commitTime >= bound.time
        : head.incarnation === newest && head.commit.commitLsn >= bound.lsn
    )
    return found?.seq ?? this.coverage.nextSeq
  }

  /** Chunks of the transactions in [start, end). */
  between(start: number, end: number): ReadonlyArray<ArchivedChunk> {
    return this.transactions.flat().filter((chunk) => chunk.seq >= start && chunk.seq < end)
  }

  volume(start: number, end: number) {
    const chunks = this.between(start, end)
    return { transactions: chunks.filter((chunk) => chunk.last).length, changes: countChanges(chunks) }
  }
}
