import { Effect } from "effect"

/**
 * Where a callback leaves what one fiber takes away: everything at once, in order. It counts bytes; who fills it
 * looks at them to slow down. After a failure what came before is still given out, then the failure.
 */
export class Inbox<A, E> {
  #items: Array<A> = []
  #bytes = 0
  #failure: E | undefined
  #waiter: ((effect: Effect.Effect<ReadonlyArray<A>, E>) => void) | undefined
  #wakeScheduled = false
  readonly #onTaken: () => void

  /** `onTaken` runs when the inbox was emptied. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  get bytes(): number {
    return this.#bytes
  }

  /** To push to, followed by `added`: the decoder appends to an array. */
  get items(): Array<A> {
    return this.#items
  }

  /** After something was pushed. The taker wakes when the current callback is done, so that it gets all of a read. */
  added(bytes: number): void {
    this.#bytes += bytes
    if (this.#waiter !== undefined && !this.#wakeScheduled) {
      this.#wakeScheduled = true
      queueMicrotask(() => {
        this.#wakeScheduled = false
        this.#wake()
      })
    }
  }

  /** The first failure counts. */
  fail(error: E): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#wake()
  }

  /** All there is, at least one; waits while there is none. For one taker. */
  readonly take: Effect.Effect<ReadonlyArray<A>, E> = Effect.callback((resume) => {
    const ready = this.#ready()
    if (ready !== undefined) return resume(ready)
    this.#waiter = resume
    return Effect.sync(() => {
      this.#waiter = undefined
    })
  })

  #ready(): Effect.Effect<ReadonlyArray<A>, E> | undefined {
    if (this.#items.length > 0) {
      const items = this.#items
      this.#items = []
      this.#bytes = 0
      this.#onTaken()
      return Effect.succeed(items)
    }
    return this.#failure === undefined ? undefined : Effect.fail(this.#failure)
  }

  #wake(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    const ready = this.#ready()
    if (ready === undefined) return
    this.#waiter = undefined
    waiter(ready)
  }
}
