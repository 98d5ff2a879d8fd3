import { Effect } from "effect"

/** Each check has its own second. Null when it answers; else why not, without a word of the server's: this is public. */
export const troubleOf = <A, E, R>(check: Effect.Effect<A, E, R>): Effect.Effect<string | null, never, R> =>
  check.pipe(
    Effect.as(null),
    Effect.timeoutOrElse({
      duration: "1 second",
      orElse: () => Effect.succeed("does not answer within a second")
    }),
    Effect.orElseSucceed(() => "does not answer")
  )
