import { Clock, Duration, Effect, Schedule } from "effect"
import { microsFromMillis } from "../../domain/Micros.ts"
import type { FileWriter } from "./FileWriter.ts"

/** What is kept. The oldest transactions go first; the newest segment stays in any case. */
export interface Retention {
  /** By commit time. Default: for ever. */
  readonly maxAge?: Duration.Input
  /** Of stored changes, compressed as they are. Default: no bound. */
  readonly maxBytes?: number
  /** How often it is looked for old ones. Default 10 seconds. */
  readonly every?: Duration.Input
}

/** Removes what is too old or too much, for ever. An append waits for one bite at most. */
export const keepRetention = (file: FileWriter, retention: Retention): Effect.Effect<void> => {
  const { maxAge, maxBytes = null, every = "10 seconds" } = retention
  const bite = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const before = maxAge === undefined ? null : microsFromMillis(now - Duration.toMillis(maxAge))
    return yield* file.prune({ before, maxBytes })
  })
  return bite.pipe(
    Effect.repeat({ while: (more) => more }),
    Effect.catch((error) => Effect.logWarning("retention has to wait", error.message)),
    Effect.repeat(Schedule.spaced(every)),
    Effect.asVoid
  )
}
