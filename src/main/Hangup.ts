import { Effect, Queue, Stream } from "effect"

/** The SIGHUPs that come from now on: what may be read anew while the process runs is to be read. */
export const hangups: Stream.Stream<void> = Stream.callback<void>((queue) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const came = () => void Queue.offerUnsafe(queue, undefined)
      process.on("SIGHUP", came)
      return came
    }),
    (came) => Effect.sync(() => process.off("SIGHUP", came))
  )
)
