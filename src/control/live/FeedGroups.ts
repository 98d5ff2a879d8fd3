import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { positionAfter } from "../../log/ChunkSlice.ts"
import type { FeedNotice } from "../api/LiveFrames.ts"
import { type EventFilter, isEverything, matchesEvent } from "../EventFilter.ts"
import { cutBatches } from "./EventBatch.ts"
import type { EventSubscription } from "./EventSubscription.ts"
import { type LiveEvent, liveEventsOf } from "./LiveEvent.ts"

const keyOf = ({ table, operation, key, text }: EventFilter): string =>
  JSON.stringify([table, operation, key, text])

export const wantedOf = (filter: EventFilter, events: ReadonlyArray<LiveEvent>): ReadonlyArray<LiveEvent> =>
  isEverything(filter) ? events : events.filter(({ event }) => matchesEvent(filter, event))

/** Everybody who watches, by filter: what has the same one is looked through, cut and encoded once. */
export class FeedGroups {
  readonly #source: string
  readonly #groups = new Map<
    string,
    { readonly filter: EventFilter; readonly members: Set<EventSubscription> }
  >()
  #size = 0
  /** Where the common stream goes on; null while it is not read. */
  position: Position | null = null

  constructor(source: string) {
    this.#source = source
  }

  get size(): number {
    return this.#size
  }

  add(subscription: EventSubscription): void {
    const { filter } = subscription
    const key = keyOf(filter)
    const group = this.#groups.get(key) ?? { filter, members: new Set() }
    group.members.add(subscription)
    this.#groups.set(key, group)
    this.#size += 1
  }

  remove(subscription: EventSubscription): void {
    const key = keyOf(subscription.filter)
    const group = this.#groups.get(key)
    if (group?.members.delete(subscription) !== true) return
    this.#size -= 1
    if (group.members.size === 0) this.#groups.delete(key)
  }

  /** Gives how many changes it was. */
  deliver(chunks: ReadonlyArray<ArchivedChunk>): number {
    const last = chunks.at(-1)
    if (last === undefined) return 0
    this.position = positionAfter(last)
    const events = chunks.flatMap((chunk) => liveEventsOf(this.#source, chunk))
    const cursor = events.at(-1)?.event.position ?? null
    for (const { filter, members } of this.#groups.values()) {
      const batches = cutBatches(wantedOf(filter, events))
      for (const member of members) member.offer(batches, cursor)
    }
    return events.length
  }

  tell(notice: FeedNotice): void {
    for (const { members } of this.#groups.values()) for (const member of members) member.tell(notice)
  }
}
