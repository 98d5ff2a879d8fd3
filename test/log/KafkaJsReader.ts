import { zstdDecompressSync } from "node:zlib"
import { Effect } from "effect"
import kafkajs from "kafkajs"
import { type Brokers, edgesOf } from "./KafkaFixture.ts"

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs

CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: () => Promise.reject(new Error("only reads")),
  decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer))
})

/** What any consumer sees of a record. */
export interface SeenRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  /** Undefined for the parts of a large one. */
  readonly value: Readonly<Record<string, unknown>> | undefined
  readonly timestamp: number
}

/** Everything in the topic, as a client sees it that shares no line with ours, in each partition's order. */
export const readWithKafkaJs = Effect.fnUntraced(function* (brokers: Brokers, topic: string) {
  const { ends } = yield* edgesOf(brokers, topic)
  return yield* Effect.promise(async () => {
    const left = new Set(ends.flatMap((end, partition) => (end > 0 ? [partition] : [])))
    const seen: Array<SeenRecord> = []
    if (left.size === 0) return seen
    const kafka = new Kafka({
      clientId: "independent",
      brokers: [brokers].flat(),
      logLevel: logLevel.NOTHING
    })
    const consumer = kafka.consumer({ groupId: `independent-${topic}-${Math.random()}` })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            for (const { key, value, offset, timestamp, headers } of batch.messages) {
              const isPart = headers?.["walstream-part"] !== undefined
              seen.push({
                partition: batch.partition,
                offset: Number(offset),
                key: String(key),
                value: isPart ? undefined : JSON.parse(String(value)),
                timestamp: Number(timestamp)
              })
            }
            if (Number(batch.lastOffset()) + 1 >= (ends[batch.partition] ?? 0)) left.delete(batch.partition)
            if (left.size === 0) resolve()
          }
        })
        .catch(reject)
    })
    await consumer.disconnect()
    return seen
  })
})
