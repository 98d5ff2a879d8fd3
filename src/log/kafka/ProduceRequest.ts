import { type Connection, createAPI, ProduceAcks, produceV9, Writer } from "@platformatic/kafka"

/** A sealed batch and where it goes. */
export interface SealedBatch {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

/** Where a partition's records begin. */
export interface Produced {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const produceKey = 0
/** The newest that every broker knows which can be read from: Kafka 2.4 and later. */
const version = 9
/** How long the leader waits for its replicas, in milliseconds. */
const replicasWithin = 5000

const createRequest = (batches: ReadonlyArray<SealedBatch>): Writer => {
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)]
  return Writer.create()
    .appendString(null)
    .appendInt16(ProduceAcks.ALL)
    .appendInt32(replicasWithin)
    .appendArray(topics, (writer, [topic, parts]) => {
      writer.appendString(topic).appendArray(parts, (each, { partition, bytes }) => {
        each.appendInt32(partition).appendBytes(bytes)
      })
    })
    .appendTaggedFields()
}

const api = createAPI<[ReadonlyArray<SealedBatch>], ReturnType<typeof produceV9.parseResponse>>(
  produceKey,
  version,
  createRequest,
  produceV9.parseResponse
)

/** Sends batches to the leader of their partitions. The client's own call takes records, and writes them one by one. */
export const produce = async (
  connection: Connection,
  batches: ReadonlyArray<SealedBatch>
): Promise<ReadonlyArray<Produced>> => {
  const { responses } = await api.async(connection, batches)
  return responses.flatMap(({ name, partitionResponses }) =>
    partitionResponses.map(({ index, baseOffset }) => ({
      topic: name,
      partition: index,
      offset: Number(baseOffset)
    }))
  )
}
