import { Clock, Effect } from "effect"

/**
 * Milliseconds with fractions of a clock that is never set: for due times and deadlines. A process that was frozen
 * finds that time has passed.
 */
export const monotonicMillis: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)
