import { Producer } from "@platformatic/kafka"
import { Clock, Effect } from "effect"
import type { LogError } from "../LogError.ts"
import { attempt } from "./KafkaFault.ts"
import { clientOptions, type KafkaConnection } from "./KafkaOptions.ts"

export interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer
  /** Null removes what a compacted topic has under the key. */
  readonly value: Buffer | null
  readonly timestamp: bigint
  readonly headers?: Map<Buffer, Buffer>
}

/** For each `topic:partition` the offset of the first of its messages. */
export type FirstOffsets = ReadonlyMap<string, number>

const offsetKey = (topic: string, partition: number): string => `${topic}:${partition}`

/** The partition of a key, if it is of this topic. */
export const partitionOfKey = (topic: string, key: string): number | undefined =>
  key.startsWith(`${topic}:`) ? Number(key.slice(topic.length + 1)) : undefined

export interface SenderOptions extends KafkaConnection {
  readonly topic: string
  readonly compression: "none" | "lz4" | "snappy" | "zstd"
}

type Client = Producer<Buffer, Buffer, Buffer, Buffer>

/**
 * One idempotent producer with one send outstanding, as the caller sees to. A send goes on for as long as the broker
 * is away: within it the broker removes doubles. Given up (interrupted, or refused), its outcome is unknown; the
 * producer is then thrown away, and whoever sends next has to read what is stored first.
 */
export class Sender {
  readonly #options: SenderOptions
  #client: Client | undefined
  /** Since when there is something to send that the broker has not taken yet, in ms; null for nothing. */
  since: number | null = null

  constructor(options: SenderOptions) {
    this.#options = options
  }

  #open(): Client {
    this.#client ??= new Producer({ ...clientOptions(this.#options), idempotent: true })
    return this.#client
  }

  send(messages: ReadonlyArray<Message>): Effect.Effect<FirstOffsets, LogError> {
    const { compression, topic } = this.#options
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      this.since ??= now
      return attempt(topic, () =>
        // The client types a record's value as never null; the protocol and its own writer allow it.
        this.#open().send({ messages: messages as Parameters<Client["send"]>[0]["messages"], compression })
      )
    }).pipe(
      Effect.map(
        ({ offsets }) =>
          new Map(offsets?.map((each) => [offsetKey(each.topic, each.partition), Number(each.offset)]))
      ),
      Effect.tap(() =>
        Effect.sync(() => {
          this.since = null
        })
      ),
      Effect.onExit((exit) => (exit._tag === "Success" ? Effect.void : this.close))
    )
  }

  /** Ends what is on its way, with an unknown outcome. */
  readonly close: Effect.Effect<void> = Effect.promise(async () => {
    const client = this.#client
    this.#client = undefined
    await client?.close().catch(() => undefined)
  })
}
