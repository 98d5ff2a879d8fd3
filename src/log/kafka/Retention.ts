import { Effect } from "effect"
import type { LogError } from "../LogError.ts"
import { attempt } from "./KafkaFault.ts"
import { type KafkaLog, positionAfter, readFrom } from "./KafkaLog.ts"
import { firstPlace, type Place } from "./Place.ts"

/** The broker removes whole segments: rarely. */
const every = "30 seconds"

/** Looks from time to time where the partitions begin. `forget` gets the places that are of no use any more. */
export const watchStarts = (
  log: KafkaLog,
  forget: (places: ReadonlyArray<Place>) => Effect.Effect<void>
): Effect.Effect<never, LogError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => readFrom(log, firstPlace, positionAfter(firstPlace))),
    (reader) =>
      attempt(log.options.topic, () => reader.edges()).pipe(
        Effect.flatMap(({ starts }) => forget(log.state.setStarts(starts))),
        Effect.delay(every),
        Effect.forever
      ),
    (reader) => Effect.promise(() => reader.close())
  )
