import type { Event } from "../../domain/Event.ts"
import { eventsOf } from "../../domain/Event.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { LiveEventJson } from "../api/LiveFrames.ts"

/** Bytes of JSON. A larger event is sent as its head: what it weighs, and where the whole of it is. */
export const largestEvent = 256 * 1024

const headOf = (event: Event, bytes: number): LiveEventJson => {
  const { message: _message, truncate: _truncate, ...rest } = event
  const href = `/api/v1/events/${event.position}`
  return { ...rest, key: null, before: null, after: null, unchanged: [], cut: { bytes, href } }
}

/** A change on its way to those who watch. Encoded when the first of them wants it, and then for all. */
export class LiveEvent {
  readonly at: Position
  readonly event: Event
  #text: string | undefined
  #bytes = 0

  constructor(event: Event) {
    this.at = { seq: event.seq, ordinal: event.ordinal }
    this.event = event
  }

  /** JSON, of at most `largestEvent` bytes. */
  get text(): string {
    if (this.#text === undefined) {
      const whole = JSON.stringify(this.event)
      const bytes = Buffer.byteLength(whole)
      this.#text = bytes > largestEvent ? JSON.stringify(headOf(this.event, bytes)) : whole
      this.#bytes = bytes > largestEvent ? Buffer.byteLength(this.#text) : bytes
    }
    return this.#text
  }

  /** Of `text`, in UTF-8. */
  get bytes(): number {
    return this.text === "" ? 0 : this.#bytes
  }
}

export const liveEventsOf = (source: string, chunk: ArchivedChunk): ReadonlyArray<LiveEvent> =>
  eventsOf(source, chunk).map((event) => new LiveEvent(event))
