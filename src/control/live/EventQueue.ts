import type { FeedNotice } from "../api/LiveFrames.ts"
import { type EventBatch, frameBytes, frameEvents } from "./EventBatch.ts"

export interface QueueLimits {
  readonly events: number
  readonly bytes: number
}

/** What goes out next. */
export type Taken =
  | {
      readonly _tag: "Events"
      readonly batches: ReadonlyArray<EventBatch>
      /** Events that were dropped before these. */
      readonly dropped: number
    }
  | { readonly _tag: "Notice"; readonly notice: FeedNotice }

/**
 * What one client has not been sent yet, bounded: the oldest events leave when it fills, a batch at a time, and are
 * counted. Notices stay in their place between events.
 */
export class EventQueue {
  readonly #limits: QueueLimits
  #items: Array<EventBatch | FeedNotice> = []
  #events = 0
  #bytes = 0
  #dropped = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Events that wait. */
  get size(): number {
    return this.#events
  }

  push(batch: EventBatch): void {
    this.#items.push(batch)
    this.#events += batch.events.length
    this.#bytes += batch.bytes
    while (this.#events > this.#limits.events || this.#bytes > this.#limits.bytes) {
      const oldest = this.#items.findIndex((item) => "events" in item)
      // The newest stays, however large.
      if (oldest === this.#items.length - 1) return
      const [gone] = this.#items.splice(oldest, 1)
      if (gone !== undefined && "events" in gone) this.#dropped += this.#discount(gone)
    }
  }

  tell(notice: FeedNotice): void {
    const last = this.#items.at(-1)
    // Said already, and nothing came since.
    if (last !== undefined && "code" in last && last.code === notice.code && notice.code !== "missing") return
    this.#items.push(notice)
  }

  /** As many neighbouring batches as fit into one frame, or a notice; undefined when there is nothing. */
  take(): Taken | undefined {
    const [first] = this.#items
    if (first === undefined) return undefined
    if ("code" in first) {
      this.#items.shift()
      return { _tag: "Notice", notice: first }
    }
    const batches: Array<EventBatch> = []
    let events = 0
    let bytes = 0
    for (const item of this.#items) {
      if ("code" in item) break
      events += item.events.length
      bytes += item.bytes
      if (batches.length > 0 && (events > frameEvents || bytes > frameBytes)) break
      batches.push(item)
    }
    for (const batch of this.#items.splice(0, batches.length)) if ("events" in batch) this.#discount(batch)
    const dropped = this.#dropped
    this.#dropped = 0
    return { _tag: "Events", batches, dropped }
  }

  #discount({ events, bytes }: EventBatch): number {
    this.#events -= events.length
    this.#bytes -= bytes
    return events.length
  }
}
