import { type Duration, Schedule } from "effect"

export interface BackoffOptions {
  /** The first delay; it doubles from there. */
  readonly base: Duration.Input
  /** No delay is longer, jitter aside. */
  readonly cap: Duration.Input
}

/** Doubling delays up to a cap, each times a random 0.8 to 1.2 so that many who failed together do not return together. */
export const exponentialBackoff = (options: BackoffOptions) =>
  Schedule.min([Schedule.exponential(options.base), Schedule.spaced(options.cap)]).pipe(Schedule.jittered)

/** Between the restarts of an actor. */
export const restartBackoff = exponentialBackoff({ base: "100 millis", cap: "30 seconds" })

/** For a server that does not answer: quick at first, then every few seconds, for as long as one wants to try. */
export const reconnect = exponentialBackoff({ base: "250 millis", cap: "5 seconds" })
