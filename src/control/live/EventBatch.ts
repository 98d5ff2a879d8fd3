import { compressed, messageEnd, stored } from "./DeflateBlocks.ts"
import type { LiveEvent } from "./LiveEvent.ts"

/** What one frame carries at most. With its envelope it stays below 1 MiB. */
export const frameEvents = 256
export const frameBytes = 768 * 1024

/** The end of a frame `events`, behind its events. */
const end = "]}"
const packedEnd = Buffer.concat([stored(end), messageEnd])

/** Events that go out together: one for all who have the same filter. */
export class EventBatch {
  readonly events: ReadonlyArray<LiveEvent>
  /** Of the events' JSON with the commas between. */
  readonly bytes: number
  #encoded: Buffer | undefined
  #packed: Buffer | undefined

  constructor(events: ReadonlyArray<LiveEvent>, bytes: number) {
    this.events = events
    this.bytes = bytes
  }

  /** The events' JSON with commas between. */
  get joined(): string {
    return this.events.map(({ text }) => text).join(",")
  }

  /** In UTF-8, put together once; with a frame's end behind it where it is the frame's last. */
  encoded(isLast: boolean): Uint8Array {
    this.#encoded ??= Buffer.from(`${this.joined}${end}`)
    return isLast ? this.#encoded : this.#encoded.subarray(0, -end.length)
  }

  /** The same for `permessage-deflate`, compressed once. */
  packed(isLast: boolean): Uint8Array {
    this.#packed ??= Buffer.concat([compressed(this.encoded(false)), packedEnd])
    return isLast ? this.#packed : this.#packed.subarray(0, -packedEnd.length)
  }
}

/** In order, none larger than a frame. */
export const cutBatches = (events: ReadonlyArray<LiveEvent>): ReadonlyArray<EventBatch> => {
  const batches: Array<EventBatch> = []
  let from = 0
  let bytes = 0
  for (const [i, event] of events.entries()) {
    const more = event.bytes + 1
    if (i > from && (i - from >= frameEvents || bytes + more > frameBytes)) {
      batches.push(new EventBatch(events.slice(from, i), bytes))
      from = i
      bytes = 0
    }
    bytes += more
  }
  if (events.length > from) batches.push(new EventBatch(from === 0 ? events : events.slice(from), bytes))
  return batches
}
