import { Deferred, Effect } from "effect"

/**
 * Wakes everybody who waits for something to change. Take `next` before looking at the state, await it after:
 * then no change is missed.
 */
export class Wakeup {
  #current = Deferred.makeUnsafe<void>()

  /** Completes at the first `notify` after this was read. */
  get next(): Effect.Effect<void> {
    return Deferred.await(this.#current)
  }

  notify(): void {
    const woken = this.#current
    this.#current = Deferred.makeUnsafe()
    Deferred.doneUnsafe(woken, Effect.void)
  }
}
