import type { Position } from "../../domain/Position.ts"
import { Fetcher, type RawRecord } from "./Fetcher.ts"
import type { KafkaConnection } from "./KafkaOptions.ts"
import { PartitionMerge, type PartitionRecord, type Passed } from "./PartitionMerge.ts"
import { readHead } from "./RecordDecoder.ts"
import { valueHead } from "./RecordEncoder.ts"
import { PartJoiner, partHeader } from "./RecordParts.ts"

/** What readers have met that a person should know of. One for all of an archive. */
export interface Met extends Passed {
  /** Records in the topic that are none of ours. They are passed over: dense seq proves that nothing is lost. */
  foreign: number
  /** The first one's place; a place tells no values. */
  firstForeign: string | null
}

export interface PartitionReaderOptions {
  readonly connection: KafkaConnection
  readonly topic: string
  readonly source: string
  /** How many partitions there are, at each call. */
  readonly partitions: () => number
  readonly incarnationOf: (seq: number) => number
  readonly met: Met
}

const noBytes = Buffer.alloc(0)

/**
 * Reads all partitions as one log, from given offsets on. The caller takes record after record, and fetches when
 * there is none: only partitions without a head, so that memory stays bounded and nothing deadlocks.
 */
export class PartitionReader {
  readonly #options: PartitionReaderOptions
  readonly #fetcher: Fetcher
  readonly #merge: PartitionMerge
  readonly #next: Array<number>
  readonly #joiners: Array<PartJoiner> = []
  readonly #head: Buffer

  constructor(options: PartitionReaderOptions, from: ReadonlyArray<number>, expected: Position) {
    this.#options = options
    this.#fetcher = new Fetcher(options.connection, options.topic)
    this.#merge = new PartitionMerge(expected, options.incarnationOf, options.met)
    this.#next = [...from]
    this.#head = Buffer.from(valueHead(options.source))
  }

  get expected(): Position {
    return this.#merge.expected
  }

  take(): PartitionRecord | undefined {
    return this.#merge.take()
  }

  drain(): ReadonlyArray<PartitionRecord> {
    return this.#merge.drain()
  }

  /** Up to where the partition was fetched. */
  next(partition: number): number {
    return this.#next[partition] ?? 0
  }

  /** Where the rest of a partition begins, together with the record that was taken last of all. */
  restAt(partition: number, last: PartitionRecord): number {
    const rest = this.#merge.head(partition)?.offset ?? this.next(partition)
    const begun = this.#joiners[partition]?.begunAt ?? rest
    return Math.min(rest, begun, last.partition === partition ? last.offset : rest)
  }

  #open(partition: number, { offset, value, headers }: RawRecord): PartitionRecord | undefined {
    let whole = { offset, value: value ?? noBytes }
    const part = headers.find(([name]) => name?.toString() === partHeader)?.[1]
    if (part !== undefined && part !== null) {
      let joiner = this.#joiners[partition]
      if (joiner === undefined) {
        joiner = new PartJoiner()
        this.#joiners[partition] = joiner
      }
      const joined = joiner.add(part.toString(), whole.value, offset)
      if (joined === undefined) return undefined
      whole = joined
    }
    const head = readHead(this.#head, whole.value)
    if (head !== undefined) return { ...head, partition, ...whole }
    const { met } = this.#options
    met.foreign++
    met.firstForeign ??= `partition ${partition}, offset ${offset}`
    return undefined
  }

  /**
   * Fetches what is wanted now; waits up to so many milliseconds for it. Says whether anything came. `until` bounds
   * the partitions that are asked, by their offsets.
   */
  async fill(maxWaitMs: number, until?: ReadonlyArray<number>): Promise<boolean> {
    const wanted = new Map<number, number>()
    for (const partition of this.#merge.hungry(this.#options.partitions())) {
      const next = this.next(partition)
      if (until === undefined || next < (until[partition] ?? 0)) wanted.set(partition, next)
    }
    if (wanted.size === 0) return false
    let came = false
    for (const { partition, records, next } of await this.#fetcher.fetch(wanted, maxWaitMs)) {
      came ||= next > this.next(partition)
      this.#next[partition] = next
      const opened: Array<PartitionRecord> = []
      for (const raw of records) {
        const record = this.#open(partition, raw)
        if (record !== undefined) opened.push(record)
      }
      this.#merge.push(partition, opened)
    }
    return came
  }

  /** Whether every partition without a head was read up to there: the expected one is nowhere. */
  isAtEnd(ends: ReadonlyArray<number>): boolean {
    return this.#merge.hungry(this.#options.partitions()).every((p) => this.next(p) >= (ends[p] ?? 0))
  }

  edges(): ReturnType<Fetcher["edges"]> {
    return this.#fetcher.edges()
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }
}
