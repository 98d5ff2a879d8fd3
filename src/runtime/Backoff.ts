import { Duration, Effect, Pull, Schedule } from "effect"
import type { Child } from "./Child.ts"
import type { Timers } from "./Timers.ts"

type Step = (now: number, input: string) => Pull.Pull<[unknown, Duration.Duration], never, unknown, never>

/**
 * The delay before each restart of a supervisor's children: one run of the schedule per child, begun anew once the
 * child has been up for a stable while. The schedule's input is the error's text.
 */
export class Backoff {
  readonly #schedule: Schedule.Schedule<unknown, string>
  readonly #stableMillis: number
  readonly #timers: Timers
  readonly #steps = new WeakMap<Child, Step>()

  constructor(schedule: Schedule.Schedule<unknown, string>, stableMillis: number, timers: Timers) {
    this.#schedule = schedule
    this.#stableMillis = stableMillis
    this.#timers = timers
  }

  /** Milliseconds to wait, or undefined when the schedule has come to its end. */
  next(child: Child, error: string): Effect.Effect<number | undefined> {
    return Effect.suspend(() => {
      const now = this.#timers.now()
      const current = now - child.startedAt < this.#stableMillis ? this.#steps.get(child) : undefined
      const step = current === undefined ? this.#begin(child) : Effect.succeed(current)
      return Effect.flatMap(step, (next) =>
        Effect.map(next(now, error), ([, delay]) => Duration.toMillis(delay))
      )
    }).pipe(Pull.catchDone(() => Effect.undefined))
  }

  #begin(child: Child): Effect.Effect<Step> {
    return Effect.map(Schedule.toStep(this.#schedule), (step) => {
      this.#steps.set(child, step)
      return step
    })
  }
}
