import { comparePosition, type Position } from "../../domain/Position.ts"
import { Wakeup } from "../../log/Wakeup.ts"
import type { FeedNotice } from "../api/LiveFrames.ts"
import type { EventFilter } from "../EventFilter.ts"
import { cutBatches, type EventBatch } from "./EventBatch.ts"
import { EventQueue, type QueueLimits, type Taken } from "./EventQueue.ts"

/** One client's view of the feed. Plain state; its owner is told by `wake` when there is something to take. */
export class EventSubscription {
  readonly filter: EventFilter
  readonly #queue: EventQueue
  readonly #wake: () => void
  /** Wakes who fills it from the past, whenever something was taken. */
  readonly taken = new Wakeup()
  /** Where it goes on; null while it is not part of the common stream. */
  #next: Position | null = null
  #cursor: string | null = null

  constructor(filter: EventFilter, limits: QueueLimits, wake: () => void) {
    this.filter = filter
    this.#queue = new EventQueue(limits)
    this.#wake = wake
  }

  /** The newest change that was looked at for it, sent or not: from behind it one resumes. Null before the first. */
  get cursor(): string | null {
    return this.#cursor
  }

  /** Events that wait to be taken. */
  get waiting(): number {
    return this.#queue.size
  }

  /** From here on it gets what all get. */
  attach(next: Position): void {
    this.#next = next
  }

  /** Of the common stream: what it has had already is left out. */
  offer(batches: ReadonlyArray<EventBatch>, cursor: string | null): void {
    const next = this.#next
    if (next === null) return
    const [first] = batches
    if (first?.events[0] !== undefined && comparePosition(first.events[0].at, next) < 0) {
      const fresh = batches.flatMap(({ events }) => events).filter(({ at }) => comparePosition(at, next) >= 0)
      this.fill(cutBatches(fresh), cursor)
    } else this.fill(batches, cursor)
  }

  fill(batches: ReadonlyArray<EventBatch>, cursor: string | null): void {
    if (cursor !== null) this.#cursor = cursor
    if (batches.length === 0) return
    for (const batch of batches) this.#queue.push(batch)
    this.#wake()
  }

  tell(notice: FeedNotice): void {
    this.#queue.tell(notice)
    this.#wake()
  }

  take(): Taken | undefined {
    const taken = this.#queue.take()
    if (taken !== undefined) this.taken.notify()
    return taken
  }
}
