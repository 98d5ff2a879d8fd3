import { Admin } from "@platformatic/kafka"
import { Effect, Layer } from "effect"
import { KafkaArchive } from "../../src/log/KafkaArchive.ts"
import type { KafkaArchiveOptions } from "../../src/log/kafka/KafkaOptions.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

/** `host:port` of a broker, or of all of a cluster. */
export type Brokers = string | ReadonlyArray<string>

/** Asks a broker something, as its administrator. */
export const administer = <A>(brokers: Brokers, ask: (admin: Admin) => Promise<A>): Effect.Effect<A> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Admin({ clientId: "test", bootstrapBrokers: [brokers].flat() })),
    (admin) => Effect.promise(() => ask(admin)),
    (admin) => Effect.promise(() => admin.close())
  )

let topics = 0

/** A topic's name that no other test has. */
export const freshTopic = (): string => `test-${process.pid}-${++topics}`

export type ArchiveOptions = Partial<KafkaArchiveOptions> & { readonly topic: string }

/** The archive of source `shop` in this topic, under an actor system of its own. */
export const archiveIn = (brokers: Brokers, options: ArchiveOptions) =>
  KafkaArchive.layer({
    brokers: [brokers].flat(),
    source: "shop",
    role: "writer",
    create: { partitions: 4 },
    // What kafkajs can be taught to read.
    compression: "zstd",
    ...options
  }).pipe(Layer.provide(Layer.fresh(ActorSystem.layer)))

/** Where each partition begins and ends. */
export const edgesOf = (broker: Brokers, topic: string) =>
  administer(broker, async (admin) => {
    const found = (await admin.metadata({ topics: [topic] })).topics.get(topic)
    const list = async (timestamp: bigint) => {
      const partitions = Array.from({ length: found?.partitionsCount ?? 0 }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp
      }))
      const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] })
      const sorted = [...(listed?.partitions ?? [])].sort((a, b) => a.partitionIndex - b.partitionIndex)
      return sorted.map(({ offset }) => Number(offset))
    }
    return { starts: await list(-2n), ends: await list(-1n) }
  })

/** Removes records from the front of each partition, as retention would: all before these offsets. */
export const removeBefore = (broker: string, topic: string, offsets: ReadonlyArray<number>) =>
  administer(broker, (admin) =>
    admin.deleteRecords({
      topics: [
        {
          name: topic,
          partitions: offsets.map((offset, partition) => ({ partition, offset: BigInt(offset) }))
        }
      ]
    })
  )
