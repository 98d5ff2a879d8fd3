import { Clock, type Context, Effect, Latch, Scheduler } from "effect"
import { groupOf } from "./Child.ts"
import { Timers } from "./Timers.ts"

/** What all processes of one actor system share. */
export class Kernel {
  readonly timers: Timers
  /** The system's own context: its loggers, clock and scheduler. */
  readonly context: Context.Context<never>
  /** Since the start, by branch of the tree: actors that have gone are in it, too. */
  readonly restarts = new Map<string, number>()
  readonly #clock: Clock.Clock
  readonly #dispatcher: Scheduler.SchedulerDispatcher
  readonly #watchers = new Set<Latch.Latch>()

  private constructor(
    timers: Timers,
    context: Context.Context<never>,
    clock: Clock.Clock,
    scheduler: Scheduler.Scheduler
  ) {
    this.timers = timers
    this.context = context
    this.#clock = clock
    this.#dispatcher = scheduler.makeDispatcher()
  }

  static readonly make = Effect.gen(function* () {
    const timers = yield* Timers.make
    return new Kernel(timers, yield* Effect.context<never>(), yield* Clock.Clock, yield* Scheduler.Scheduler)
  })

  /** Runs it after what is running now: whoever it wakes finds the whole tree up to date. */
  soon(task: () => void): void {
    this.#dispatcher.scheduleTask(task, 0)
  }

  /** Wall clock, milliseconds since 1970: for people, not for deadlines. */
  wallTime(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  /** Some process has changed its place or its state. */
  changed(): void {
    for (const watcher of this.#watchers) watcher.openUnsafe()
  }

  restarted(path: string): void {
    const group = groupOf(path)
    this.restarts.set(group, (this.restarts.get(group) ?? 0) + 1)
  }

  /** A latch that `changed` opens, for as long as the scope is open. */
  readonly watch = Effect.acquireRelease(
    Effect.sync(() => {
      const latch = Latch.makeUnsafe(true)
      this.#watchers.add(latch)
      return latch
    }),
    (latch) => Effect.sync(() => this.#watchers.delete(latch))
  )

  /** One structured line from code that is not an effect. */
  log(level: "Info" | "Warn" | "Error", message: string, annotations: Record<string, unknown>): void {
    Effect.runForkWith(this.context)(
      Effect.logWithLevel(level)(message).pipe(Effect.annotateLogs(annotations))
    )
  }
}
