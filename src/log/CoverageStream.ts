import { Effect, Stream } from "effect"
import type { Coverage } from "../domain/Log.ts"
import type { Wakeup } from "./Wakeup.ts"

const same = (a: Coverage, b: Coverage): boolean =>
  a.firstSeq === b.firstSeq &&
  a.nextSeq === b.nextSeq &&
  a.fromTime === b.fromTime &&
  a.toTime === b.toTime &&
  a.toLsn === b.toLsn

/** The coverage now and whenever it has changed. A slow reader skips what lies between: nothing piles up. */
export const coverageStream = (changed: Wakeup, coverage: Effect.Effect<Coverage>): Stream.Stream<Coverage> =>
  Stream.suspend(() => {
    let given: Coverage | undefined
    const pull = Effect.gen(function* () {
      for (;;) {
        const next = changed.next
        const now = yield* coverage
        if (given === undefined || !same(given, now)) {
          given = now
          return [now] as const
        }
        yield* next
      }
    })
    return Stream.fromPull(Effect.succeed(pull))
  })
