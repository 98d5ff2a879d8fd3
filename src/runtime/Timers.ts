import { type Clock, type Context, Effect, type Fiber, type Scope } from "effect"

/** A callback waiting for its time. */
export interface Timer {
  readonly due: number
  readonly run: () => void
}

/**
 * Deadlines, many at once, on one sleeping fiber: a fiber per `ask` would cost more than the ask itself.
 * Follows the `Clock` it was made under, by its monotonic time: a wall clock that jumps moves no deadline.
 */
export class Timers {
  /** By due time in whole milliseconds; only times that somebody still waits for. */
  readonly #due = new Map<number, Set<Timer>>()
  readonly #clock: Clock.Clock
  readonly #context: Context.Context<never>
  #sleeper: Fiber.Fiber<void> | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  #closed = false

  constructor(clock: Clock.Clock, context: Context.Context<never>) {
    this.#clock = clock
    this.#context = context
  }

  static readonly make: Effect.Effect<Timers, never, Scope.Scope> = Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.clockWith((clock) => Effect.sync(() => new Timers(clock, context)))
    ),
    (timers) => Effect.sync(() => timers.close())
  )

  /** Milliseconds of a clock that never goes back; its origin means nothing. */
  now(): number {
    return Math.floor(Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6)
  }

  /** `run` must not throw. */
  after(millis: number, run: () => void): Timer {
    const timer = { due: this.now() + Math.max(0, Math.ceil(millis)), run }
    // An infinite deadline never comes.
    if (this.#closed || !Number.isFinite(timer.due)) return timer
    const sameTime = this.#due.get(timer.due)
    if (sameTime === undefined) this.#due.set(timer.due, new Set([timer]))
    else sameTime.add(timer)
    if (timer.due < this.#wakesAt) this.#sleepUntil(timer.due)
    return timer
  }

  cancel(timer: Timer): void {
    const sameTime = this.#due.get(timer.due)
    if (sameTime?.delete(timer) && sameTime.size === 0) this.#due.delete(timer.due)
  }

  /** How many callbacks wait. */
  get size(): number {
    let size = 0
    for (const timers of this.#due.values()) size += timers.size
    return size
  }

  close(): void {
    this.#closed = true
    this.#due.clear()
    this.#sleeper?.interruptUnsafe()
    this.#sleeper = undefined
  }

  /** A sleeper whose timers were cancelled is left to wake for nothing: most asks never come near their deadline. */
  #sleepUntil(due: number): void {
    this.#sleeper?.interruptUnsafe()
    this.#wakesAt = due
    const left = due - this.now()
    this.#sleeper = Effect.runForkWith(this.#context)(
      Effect.andThen(
        // A callback never runs before `after` has returned its timer.
        left > 0 ? Effect.sleep(left) : Effect.yieldNow,
        Effect.sync(() => this.#wake())
      )
    )
  }

  #wake(): void {
    this.#sleeper = undefined
    this.#wakesAt = Number.POSITIVE_INFINITY
    const now = this.now()
    const ripe = [...this.#due.keys()].filter((due) => due <= now).sort((a, b) => a - b)
    for (const due of ripe) {
      const timers = this.#due.get(due)
      this.#due.delete(due)
      for (const timer of timers ?? []) timer.run()
    }
    let next = Number.POSITIVE_INFINITY
    for (const due of this.#due.keys()) if (due < next) next = due
    if (next < this.#wakesAt && !this.#closed) this.#sleepUntil(next)
  }
}
