import { Effect, Fiber } from "effect"

const silent = Effect.succeed("does not answer within a second")

/**
 * Each check has its own second. Null when it answers; else why not, without a word of the server's: this is public. One that
 * lets go of its connection for longer than that does so by itself: whoever probes has no more time.
 */
export const troubleOf = <A, E, R>(check: Effect.Effect<A, E, R>): Effect.Effect<string | null, never, R> =>
  Effect.flatMap(Effect.forkDetach(check), (asking) =>
    Fiber.join(asking).pipe(
      Effect.as(null),
      Effect.timeoutOrElse({
        duration: "1 second",
        orElse: () => Effect.andThen(Effect.forkDetach(Fiber.interrupt(asking)), silent)
      }),
      Effect.orElseSucceed(() => "does not answer"),
      Effect.onInterrupt(() => Effect.forkDetach(Fiber.interrupt(asking)))
    )
  )
