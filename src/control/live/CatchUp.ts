import { Effect, Stream } from "effect"
import { comparePosition, type Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { isBefore, positionAfter, sliceChunk } from "../../log/ChunkSlice.ts"
import type { LiveBuffer } from "../../log/LiveBuffer.ts"
import { cutBatches } from "./EventBatch.ts"
import type { EventSubscription } from "./EventSubscription.ts"
import { wantedOf } from "./FeedGroups.ts"
import { liveEventsOf } from "./LiveEvent.ts"

/** Who is given the past gets no more of it while so many events wait. */
const enough = 2000

export interface Past {
  readonly buffer: LiveBuffer["Service"]
  readonly source: string
  /** Where the common stream goes on, once it is read. */
  readonly common: Effect.Effect<Position>
}

const behind = (chunk: ArchivedChunk, position: Position): ArchivedChunk =>
  chunk.seq === position.seq ? sliceChunk(chunk, position.ordinal) : chunk

/** Until its client has taken enough: the past is not dropped, it comes as fast as it is taken. */
const untilTaken = (subscription: EventSubscription): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { next } = subscription.taken
    return subscription.waiting < enough ? Effect.void : Effect.flatMap(next, () => untilTaken(subscription))
  })

/** Gives a subscription what the live buffer has from a position on, up to the common stream, and then makes it part of that. */
export const catchUp = (
  { buffer, source, common }: Past,
  subscription: EventSubscription,
  from: Position
) => {
  let next = from

  const take = (chunks: ReadonlyArray<ArchivedChunk>) =>
    Effect.suspend(() => {
      const events = chunks
        .filter((chunk) => !isBefore(chunk, next))
        .flatMap((chunk) => liveEventsOf(source, behind(chunk, next)))
      const last = chunks.at(-1)
      if (last !== undefined) next = positionAfter(last)
      const cursor = events.at(-1)?.event.position ?? null
      subscription.fill(cutBatches(wantedOf(subscription.filter, events)), cursor)
      return untilTaken(subscription)
    })

  const readUpTo = (end: number) =>
    Stream.runForEach(buffer.read(next, end), take).pipe(
      Effect.andThen(
        Effect.sync(() => {
          if (next.seq < end) next = { seq: end, ordinal: 0 }
        })
      ),
      Effect.catchTag("LogError", ({ reason }) => {
        if (reason._tag !== "Missing") {
          subscription.tell({ code: "away" })
          return Effect.sleep("1 second")
        }
        subscription.tell({ code: "missing", from_seq: next.seq, until_seq: reason.until })
        next = { seq: reason.until, ordinal: 0 }
        return Effect.void
      })
    )

  const step: Effect.Effect<void> = Effect.flatMap(common, (position) => {
    if (comparePosition(next, position) >= 0) {
      subscription.attach(next)
      return Effect.void
    }
    // A transaction that the common stream is in the middle of is read to its end: what comes twice is left out there.
    const end = position.ordinal > 0 ? position.seq + 1 : position.seq
    return Effect.flatMap(readUpTo(end), () => step)
  })
  return step
}
