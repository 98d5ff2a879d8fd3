import type { Coverage } from "../../src/domain/Log.ts"
import type { Micros } from "../../src/domain/Micros.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { Bound } from "../../src/log/Archive.ts"
import type { RandomTransaction } from "./RandomLog.ts"
import { countChanges } from "./ReadLog.ts"

interface ModelOptions {
  /** What retention has left. Default: everything. */
  readonly firstSeq?: number
  /** The coverage time of the mark that was durable when the last chunk of this seq was appended. Default: none. */
  readonly coverageAt?: ReadonlyMap<number, Micros>
}

/** What an archive holding exactly these whole transactions, in order, has to answer: the plainest way to say it. */
export class ArchiveModel {
  /** All of them, from seq 1 on: those that are removed still count for log time. */
  readonly transactions: ReadonlyArray<RandomTransaction>
  readonly #firstSeq: number
  readonly #coverageAt: ReadonlyMap<number, Micros>

  constructor(transactions: ReadonlyArray<RandomTransaction>, options: ModelOptions = {}) {
    this.transactions = transactions
    this.#firstSeq = options.firstSeq ?? 1
    this.#coverageAt = options.coverageAt ?? new Map()
  }

  /** As long as no mark says more. `fromTime` is the earliest that is right where something was removed. */
  get coverage(): Coverage {
    const first = this.#heads[0]
    const last = this.#heads.at(-1)
    return {
      firstSeq: this.#firstSeq,
      nextSeq: (last?.seq ?? 0) + 1,
      fromTime:
        first === undefined
          ? null
          : this.#firstSeq > 1
            ? this.logTime(first.seq - 1) + 1
            : this.logTime(first.seq),
      toTime: last === undefined ? null : this.logTime(last.seq),
      toLsn: null
    }
  }

  get #heads(): ReadonlyArray<ArchivedChunk> {
    return this.transactions
      .flatMap((chunks) => chunks.slice(0, 1))
      .filter((head) => head.seq >= this.#firstSeq)
  }

  logTime(seq: number): Micros {
    let time = Number.MIN_SAFE_INTEGER
    for (const [head] of this.transactions) {
      if (head === undefined || head.seq > seq) break
      time = Math.max(time, head.commit.commitTime, this.#coverageAt.get(head.seq) ?? time)
    }
    return time
  }

  resolve(bound: Bound): number {
    const newest = Math.max(...this.#heads.map((head) => head.incarnation))
    const found = this.#heads.find((head) =>
      bound._tag === "Time"
        ? this.logTime(head.seq) >= bound.time
        : head.incarnation === newest && head.commit.commitLsn >= bound.lsn
    )
    return found?.seq ?? this.coverage.nextSeq
  }

  /** Chunks of the transactions in [start, end). */
  between(start: number, end: number): ReadonlyArray<ArchivedChunk> {
    const from = Math.max(start, this.#firstSeq)
    return this.transactions.flat().filter((chunk) => chunk.seq >= from && chunk.seq < end)
  }

  volume(start: number, end: number) {
    const chunks = this.between(start, end)
    return { transactions: chunks.filter((chunk) => chunk.last).length, changes: countChanges(chunks) }
  }
}
