import { findErrorBy, GenericError, NetworkError, Producer } from "@platformatic/kafka"
import { clientOptions, type KafkaConnection } from "./KafkaOptions.ts"
import { type Produced, produce, type SealedBatch } from "./ProduceRequest.ts"
import type { RecordBatch } from "./RecordBatch.ts"

/** What goes to one partition. */
export interface TopicBatch {
  readonly topic: string
  readonly partition: number
  readonly records: RecordBatch
}

/** Batches on their way: sealed once, sent until the broker has them. */
export interface Sending {
  /** What the broker has not acknowledged yet. */
  readonly left: Set<SealedBatch>
  readonly produced: Array<Produced>
  /** Whether where the leaders are is to be asked anew. */
  isStale: boolean
}

/** Numbers of records wrap around here. */
const sequences = 2 ** 31

/**
 * How many of the brokers the client asks within one attempt, one after the other, where to send and who we are. The
 * attempts themselves are the caller's: the client keeps the errors of all of its own.
 */
const brokersAsked = 3

/** Whether the same may succeed later. Errors that are none of the client's do not. */
export const isTransient = (thrown: unknown): boolean =>
  thrown instanceof Error && GenericError.isGenericError(thrown) && !findErrorBy(thrown, "canRetry", false)

/**
 * One life of an idempotent producer. Each batch carries how many records its partition got before, so that the broker
 * drops what it has already when the same batch comes again. The client gives connections, identity and metadata; the
 * batches are ours, since it makes several objects and pieces of memory for each record.
 */
export class IdempotentProducer {
  readonly #client: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #sequences = new Map<string, number>()
  #identity: Awaited<ReturnType<Producer["initIdempotentProducer"]>> | undefined

  constructor(connection: KafkaConnection) {
    this.#client = new Producer({ ...clientOptions(connection), idempotent: true, retries: brokersAsked })
  }

  /**
   * Gives each batch its numbers: from then on they must arrive, or this producer is of no more use. May be tried again
   * when it has failed.
   */
  async seal(batches: ReadonlyArray<TopicBatch>): Promise<Sending> {
    this.#identity ??= await this.#client.initIdempotentProducer({})
    const { producerId, producerEpoch } = this.#identity
    const left = new Set<SealedBatch>()
    for (const { topic, partition, records } of batches) {
      const place = `${topic}:${partition}`
      const sequence = this.#sequences.get(place) ?? 0
      this.#sequences.set(place, (sequence + records.count) % sequences)
      const bytes = records.seal({ producerId, producerEpoch, sequence })
      left.add({ topic, partition, bytes })
    }
    return { left, produced: [], isStale: false }
  }

  /** Tries once to send what is left. */
  async attempt(sending: Sending): Promise<void> {
    const { left } = sending
    const { topics } = await this.#client.metadata({
      topics: [...new Set([...left].map(({ topic }) => topic))],
      forceUpdate: sending.isStale
    })
    // Until this has succeeded.
    sending.isStale = true
    const leaderOf = ({ topic, partition }: SealedBatch) =>
      topics.get(topic)?.partitions[partition]?.leader ?? -1
    const byLeader = Map.groupBy(left, leaderOf)
    const connections = await this.#client.connectToBrokers([...byLeader.keys()])
    const outcomes = await Promise.allSettled(
      [...byLeader].map(async ([leader, batches]) => {
        const connection = connections.get(leader)
        if (connection === undefined) throw new NetworkError("A partition has no leader.")
        sending.produced.push(...(await produce(connection, batches)))
        for (const batch of batches) left.delete(batch)
      })
    )
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []))
    // What cannot be mended counts more than what can.
    if (failures.length > 0) throw failures.find((failure) => !isTransient(failure)) ?? failures[0]
    sending.isStale = false
  }

  /** Ends what is on its way, with an unknown outcome. */
  close(): Promise<void> {
    return this.#client.close().catch(() => undefined)
  }
}
