import { Consumer } from "@platformatic/kafka"
import { hasApiId } from "./KafkaFault.ts"
import { clientOptions, type KafkaConnection } from "./KafkaOptions.ts"

/** What one partition gave. */
export interface Fetched {
  readonly partition: number
  readonly records: ReadonlyArray<RawRecord>
  /** Where to go on. */
  readonly next: number
  /** The end of what is durable. */
  readonly end: number
  /** Where the partition begins now. */
  readonly start: number
}

export interface RawRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: ReadonlyArray<readonly [Buffer | null, Buffer | null]>
}

/** A read below the partition's start, or beyond its end. */
export class OutOfRange extends Error {}

/** Bit 5 of a batch's attributes: a transaction's marker, no record. */
const control = 0x20
/** Ours are never transactional, and somebody else's open transaction must not hold us up. */
const readUncommitted = 0
/** How much a partition gives at once, compressed. One batch more than nothing, always. */
const partitionBytes = 256 * 1024
const requestBytes = 4 * 1024 * 1024
const [latest, earliest] = [-1n, -2n]

const fetchedOf = (partition: number, from: number, batches: Iterable<Batch>) => {
  const records: Array<RawRecord> = []
  let next = from
  for (const batch of batches) {
    const first = Number(batch.firstOffset)
    next = Math.max(next, first + batch.lastOffsetDelta + 1)
    if ((batch.attributes & control) !== 0) continue
    for (const { offsetDelta, key, value, headers } of batch.records) {
      // A batch may begin before what was asked for.
      if (first + offsetDelta >= from) records.push({ offset: first + offsetDelta, key, value, headers })
    }
  }
  return { partition, records, next }
}

interface Batch {
  readonly firstOffset: bigint
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly records: ReadonlyArray<
    Omit<RawRecord, "offset"> & {
      readonly offsetDelta: number
      readonly headers: Array<[Buffer | null, Buffer | null]>
    }
  >
}

/** Reads partitions of one topic from given offsets, without a group. One call at a time. */
export class Fetcher {
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>
  readonly #topic: string

  constructor(connection: KafkaConnection, topic: string) {
    this.#topic = topic
    this.#consumer = new Consumer({
      ...clientOptions(connection),
      groupId: "walstream-none",
      retries: 2,
      isolationLevel: readUncommitted
    })
    // Each failure reaches the call that met it.
    this.#consumer.on("error", () => undefined)
    this.#consumer.topics.trackAll(topic)
  }

  async #metadata(forceUpdate = false) {
    const { topics } = await this.#consumer.metadata({ topics: [this.#topic], forceUpdate })
    const topic = topics.get(this.#topic)
    if (topic === undefined) throw new Error(`Unknown topic ${this.#topic}.`)
    return topic
  }

  async partitions(): Promise<number> {
    return (await this.#metadata(true)).partitionsCount
  }

  async #offsets(timestamp: bigint): Promise<ReadonlyArray<number>> {
    const listed = await this.#consumer.listOffsets({
      topics: [this.#topic],
      timestamp,
      isolationLevel: readUncommitted
    })
    return (listed.get(this.#topic) ?? []).map(Number)
  }

  /** Where each partition begins and ends now. */
  async edges(): Promise<{ readonly starts: ReadonlyArray<number>; readonly ends: ReadonlyArray<number> }> {
    await this.#metadata(true)
    // The ends first: what arrives between is then read, not missed.
    const ends = await this.#offsets(latest)
    return { starts: await this.#offsets(earliest), ends }
  }

  /**
   * What is there from these offsets on, by partition; waits up to so many milliseconds when nothing is. A partition
   * may be left out.
   */
  async fetch(wanted: ReadonlyMap<number, number>, maxWaitMs: number): Promise<ReadonlyArray<Fetched>> {
    let topic = await this.#metadata()
    // The topic has got more partitions.
    if (Math.max(...wanted.keys()) >= topic.partitionsCount) topic = await this.#metadata(true)
    const byLeader = new Map<number, Array<number>>()
    for (const partition of wanted.keys()) {
      const leader = topic.partitions[partition]?.leader ?? -1
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
    }
    const answers = await Promise.all(
      [...byLeader].map(([node, partitions]) =>
        this.#fetchFrom(node, topic.id, partitions, wanted, maxWaitMs)
      )
    )
    return answers.flat()
  }

  async #fetchFrom(
    node: number,
    topicId: string,
    partitions: ReadonlyArray<number>,
    wanted: ReadonlyMap<number, number>,
    maxWaitTime: number
  ): Promise<ReadonlyArray<Fetched>> {
    const request = {
      node,
      minBytes: 1,
      maxBytes: requestBytes,
      maxWaitTime,
      isolationLevel: readUncommitted,
      topics: [
        {
          topicId,
          partitions: partitions.map((partition) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(wanted.get(partition) ?? 0),
            lastFetchedEpoch: -1,
            partitionMaxBytes: partitionBytes
          }))
        }
      ]
    }
    try {
      const { responses } = await this.#consumer.fetch(request)
      return responses.flatMap(({ partitions: given }) =>
        given.map((each) => ({
          ...fetchedOf(each.partitionIndex, wanted.get(each.partitionIndex) ?? 0, each.records ?? []),
          end: Number(each.highWatermark),
          start: Number(each.logStartOffset)
        }))
      )
    } catch (thrown) {
      if (hasApiId(thrown, "OFFSET_OUT_OF_RANGE")) throw new OutOfRange()
      throw thrown
    }
  }

  close(): Promise<void> {
    return this.#consumer.close(true).catch(() => undefined)
  }
}
