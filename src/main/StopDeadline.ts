/** Finalizers may hang on a dead peer: a process that is told to stop ends by itself in this time. */
const stopMillis = 20_000

/** Ends a process that does not stop in time. What it still serves while it drains comes before that time. */
export class StopDeadline {
  readonly #end: () => void
  #drainMillis = 0

  constructor(end: () => void) {
    this.#end = end
  }

  /** SHUTDOWN_DRAIN_SECONDS, once the settings are read. */
  drains(seconds: number): void {
    this.#drainMillis = seconds * 1000
  }

  /** At the first signal. The process does not wait for it. */
  readonly arm = (): void => {
    setTimeout(this.#end, this.#drainMillis + stopMillis).unref()
  }
}
