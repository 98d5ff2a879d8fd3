import { stored } from "./DeflateBlocks.ts"
import type { EventBatch } from "./EventBatch.ts"

/** Below this a compressed frame costs more than it saves. In bytes. */
const leastPacked = 1024

/** A message on the wire, and whether it is compressed. */
export interface WireMessage {
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly isPacked: boolean
}

const comma = Buffer.from(",")
const packedComma = stored(",")

/** A frame `events`: a head of its own, and behind it what was encoded once for all who have the same events. */
export class EventsFrame {
  readonly #head: string
  readonly #batches: ReadonlyArray<EventBatch>
  /** Of its events, before they are compressed. */
  readonly bytes: number

  constructor(head: string, batches: ReadonlyArray<EventBatch>) {
    this.#head = head
    this.#batches = batches
    this.bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
  }

  /** `takesPacked` is whether the client can read what is compressed. */
  message(takesPacked: boolean): WireMessage {
    const isPacked = takesPacked && this.bytes >= leastPacked
    const pieces: Array<Uint8Array> = [isPacked ? stored(this.#head) : Buffer.from(this.#head)]
    for (const [i, batch] of this.#batches.entries()) {
      const isLast = i === this.#batches.length - 1
      if (i > 0) pieces.push(isPacked ? packedComma : comma)
      pieces.push(isPacked ? batch.packed(isLast) : batch.encoded(isLast))
    }
    return { pieces, isPacked }
  }
}
