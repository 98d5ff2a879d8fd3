import type { Position } from "../../domain/Position.ts"
import type { RecordHead } from "./RecordDecoder.ts"

/** A record at its place. */
export interface PartitionRecord extends RecordHead {
  readonly partition: number
  /** Where it begins: of one in parts, the first part's. */
  readonly offset: number
  readonly value: Buffer
}

/** What was passed over, for the operator to know. */
export interface Passed {
  /** Stored a second time: by a writer whose answer was lost, or one that woke up late. */
  repeats: number
  /** Of a transaction that a new life of the source did not finish. */
  leftovers: number
}

interface Lane<R> {
  readonly records: Array<R>
  at: number
  /** The highest one seen: whoever comes again below it in the same partition is a repeat. */
  seq: number
  ordinal: number
}

/**
 * Brings the records of all partitions into the order of the log: the next expected (seq, ordinal) among the heads.
 * Pure. What is below the expected one is passed over, and so is what belongs to another life of the source than
 * the one that owns the seq.
 */
export class PartitionMerge<R extends PartitionRecord = PartitionRecord> {
  readonly #lanes: Array<Lane<R>> = []
  readonly #incarnationOf: (seq: number) => number
  #seq: number
  #ordinal: number
  readonly passed: Passed

  constructor(expected: Position, incarnationOf: (seq: number) => number, passed: Passed) {
    this.#seq = expected.seq
    this.#ordinal = expected.ordinal
    this.#incarnationOf = incarnationOf
    this.passed = passed
  }

  /** The next one that the log must have. */
  get expected(): Position {
    return { seq: this.#seq, ordinal: this.#ordinal }
  }

  /** The partitions without a head: only these have to be fetched, so that memory stays bounded. */
  hungry(partitions: number): ReadonlyArray<number> {
    const found: Array<number> = []
    for (let p = 0; p < partitions; p++) {
      const lane = this.#lanes[p]
      if (lane === undefined || lane.at === lane.records.length) found.push(p)
    }
    return found
  }

  push(partition: number, records: ReadonlyArray<R>): void {
    while (this.#lanes.length <= partition) this.#lanes.push({ records: [], at: 0, seq: -1, ordinal: -1 })
    const lane = this.#lanes[partition]
    if (lane === undefined) return
    if (lane.at === lane.records.length) {
      lane.records.length = 0
      lane.at = 0
    }
    for (const record of records) lane.records.push(record)
  }

  /** The expected one, or undefined while it is at no head. */
  take(): R | undefined {
    for (const lane of this.#lanes) {
      for (let head = lane.records[lane.at]; head !== undefined; head = lane.records[++lane.at]) {
        const order = head.seq - this.#seq || head.ordinal - this.#ordinal
        const leftover = head.incarnation < this.#incarnationOf(head.seq)
        if (leftover) {
          this.passed.leftovers++
          continue
        }
        if (order > 0) break
        const repeated = head.seq < lane.seq || (head.seq === lane.seq && head.ordinal <= lane.ordinal)
        if (!repeated) {
          lane.seq = head.seq
          lane.ordinal = head.ordinal
        }
        if (order === 0) {
          lane.at++
          const ends = head.ordinal + 1 === head.count
          this.#seq = ends ? head.seq + 1 : head.seq
          this.#ordinal = ends ? 0 : head.ordinal + 1
          return head
        }
        if (repeated) this.passed.repeats++
      }
    }
    return undefined
  }

  /** What comes next in a partition, if it was fetched. */
  head(partition: number): R | undefined {
    const lane = this.#lanes[partition]
    return lane?.records[lane.at]
  }

  /** Whatever is at hand, in no order, for those who know that the expected one is nowhere. */
  drain(): ReadonlyArray<R> {
    const rest = this.#lanes.flatMap(({ records, at }) => records.slice(at))
    for (const lane of this.#lanes) lane.at = lane.records.length
    return rest
  }
}
