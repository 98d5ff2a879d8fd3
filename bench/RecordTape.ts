import { Fetcher } from "../src/log/kafka/Fetcher.ts"

interface Recorded {
  readonly partition: number
  readonly seq: number
  readonly ordinal: number
  readonly count: number
  readonly timestamp: bigint
  /** In the tape's bytes: the key, and behind it the value. */
  readonly start: number
  readonly middle: number
  readonly end: number
}

/** What is in a topic, in the order of the log, in one piece: few objects, for the engine's sake. */
export interface RecordTape {
  readonly bytes: Buffer
  readonly records: ReadonlyArray<Recorded>
}

/** Any program can read it: docs/kafka.md. */
interface Value {
  readonly seq: number
  readonly ordinal: number
  readonly tx_count: number
  readonly commit_time: string
}

/** All that the topic has. */
export const readTape = async (broker: string, topic: string): Promise<RecordTape> => {
  const fetcher = new Fetcher({ brokers: [broker] }, topic)
  const pieces: Array<Buffer> = []
  const records: Array<Recorded> = []
  let at = 0
  try {
    const { starts, ends } = await fetcher.edges()
    const wanted = new Map(starts.map((start, partition) => [partition, start]))
    for (;;) {
      for (const [partition, next] of wanted) if (next >= (ends[partition] ?? 0)) wanted.delete(partition)
      if (wanted.size === 0) break
      for (const { partition, records: given, next } of await fetcher.fetch(wanted, 1000)) {
        wanted.set(partition, next)
        for (const { key, value } of given) {
          if (key === null || value === null) throw new Error(`a record without key or value in ${topic}`)
          // Whatever is wrong with it shows in the check.
          const { seq, ordinal, tx_count: count, commit_time } = JSON.parse(value.toString()) as Value
          const timestamp = BigInt(Date.parse(commit_time))
          const middle = at + key.length
          const end = middle + value.length
          records.push({ partition, seq, ordinal, count, timestamp, start: at, middle, end })
          pieces.push(Buffer.concat([key, value]))
          at = end
        }
      }
    }
  } finally {
    await fetcher.close()
  }
  return {
    bytes: Buffer.concat(pieces),
    records: records.toSorted((a, b) => a.seq - b.seq || a.ordinal - b.ordinal)
  }
}

/** Every transaction from the first on whole, each change once, and so many in all; else an error that says where not. */
export const checkTape = ({ records }: RecordTape, changes: number): void => {
  let [seq, ordinal, count] = [0, 0, 0]
  for (const record of records) {
    if (ordinal === count) [seq, ordinal, count] = [seq + 1, 0, record.count]
    if (record.seq !== seq || record.ordinal !== ordinal || record.count !== count) {
      throw new Error(`expected change ${seq}.${ordinal}, the topic has ${record.seq}.${record.ordinal}`)
    }
    ordinal++
  }
  if (ordinal !== count || records.length !== changes) {
    throw new Error(`${changes} changes were to be captured, the topic has ${records.length}`)
  }
}

interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer
  readonly value: Buffer
  readonly timestamp: bigint
}

/** A part of the tape as messages for another topic. */
export const messagesOf = (
  { bytes, records }: RecordTape,
  from: number,
  until: number,
  topic: string
): Array<Message> =>
  records.slice(from, until).map(({ partition, timestamp, start, middle, end }) => ({
    topic,
    partition,
    key: bytes.subarray(start, middle),
    value: bytes.subarray(middle, end),
    timestamp
  }))
