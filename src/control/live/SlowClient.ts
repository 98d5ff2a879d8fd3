import type { Duplex, Writable } from "node:stream"
import { Effect } from "effect"

/** What a client has after the end to take what is on its way to it. */
export const farewell = "2 seconds"

/** How often what is full is looked for, in parts of the time that a client has. */
const looks = 10

/** Completes when what was written, and is more than the connection holds, has been taken by the network. */
const drained = (raw: Duplex): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const forget = () => {
      raw.off("drain", done)
      raw.off("close", done)
    }
    const done = () => {
      forget()
      resume(Effect.void)
    }
    raw.once("drain", done)
    raw.once("close", done)
    return Effect.sync(forget)
  })

/** Whether the connection has room, within so many milliseconds. */
export const hasRoom = (raw: Duplex, slowMillis: number): Effect.Effect<boolean> =>
  raw.writableLength < raw.writableHighWaterMark
    ? Effect.succeed(true)
    : Effect.map(Effect.timeoutOption(drained(raw), slowMillis), ({ _tag }) => _tag === "Some")

const tooSlow = (raw: Duplex, slowMillis: number): Effect.Effect<void> =>
  Effect.suspend(() => hasRoom(raw, slowMillis)).pipe(
    Effect.tap((has) => (has ? Effect.sleep(slowMillis / looks) : Effect.void)),
    Effect.repeat({ while: (has) => has }),
    Effect.asVoid
  )

/** Completes when all of it is with the network, or the client has gone. */
const closed = (response: Writable): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (response.closed) return resume(Effect.void)
    const done = () => resume(Effect.void)
    response.once("close", done)
    return Effect.sync(() => response.off("close", done))
  })

/**
 * Lets go of a client that does not take what is written to it, or has not taken the rest soon after its stream ended: whoever
 * writes to it waits for it, and cannot. `raw` is the connection below the response, with which it completes.
 */
export const letGo = (
  raw: Duplex,
  response: Writable,
  { ended, slowMillis }: { readonly ended: Effect.Effect<unknown>; readonly slowMillis: number }
): Effect.Effect<void> => {
  const over = Effect.andThen(Effect.exit(ended), Effect.sleep(farewell))
  return Effect.raceFirst(
    closed(response),
    Effect.andThen(
      Effect.raceFirst(over, tooSlow(raw, slowMillis)),
      Effect.sync(() => raw.destroy())
    )
  )
}
