import { Effect, Option, Stream } from "effect"
import { hangups } from "../Hangup.ts"
import type { UnreadableFile } from "./SettingFile.ts"

const lookEvery = "10 seconds"

/**
 * What files say, each time that it is something else than before: looked at every ten seconds, and at a SIGHUP. While one
 * cannot be read, which is told once, there is nothing new.
 */
export const fileChanges = <A>(
  read: Effect.Effect<A, UnreadableFile>,
  known: A,
  isSame: (a: A, b: A) => boolean
): Stream.Stream<A> => {
  let isTold = false
  const look = read.pipe(
    Effect.tap(() => Effect.sync(() => (isTold = false))),
    Effect.tapError((error) =>
      isTold
        ? Effect.void
        : Effect.andThen(
            Effect.logWarning(`${error.message}: what was read before stays`),
            Effect.sync(() => (isTold = true))
          )
    ),
    Effect.option
  )
  const looks = Stream.merge(Stream.tick(lookEvery), hangups).pipe(
    Stream.mapEffect(() => look),
    Stream.filter(Option.isSome),
    Stream.map(({ value }) => value)
  )
  return Stream.concat(Stream.succeed(known), looks).pipe(Stream.changesWith(isSame), Stream.drop(1))
}
