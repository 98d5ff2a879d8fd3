import { Effect } from "effect"
import type { SlotReader } from "./SlotReader.ts"
import { type SourceError, sourceError } from "./SourceError.ts"

/** Each status asks for an answer; this many seconds without a byte are a dead connection. */
const patience = 30

/**
 * Tells PostgreSQL each second what it may forget, and that we live. Nothing else holds it up: backpressure pauses
 * only the reading side, and a second is far below every sensible wal_sender_timeout.
 * Counts its own ticks, not time: after a freeze of the process the socket gets its turn before anyone gives up.
 */
export const statusClock = (
  reader: Pick<SlotReader, "sendStatus" | "stats">,
  sourceId: string
): Effect.Effect<never, SourceError> => {
  let silent = 0
  let received = -1
  return Effect.sync(() => {
    const { receivedBytes, gate } = reader.stats()
    silent = receivedBytes !== received || gate.length > 0 ? 0 : silent + 1
    received = receivedBytes
    reader.sendStatus(true)
    return silent <= patience
  }).pipe(
    Effect.filterOrFail(
      (alive) => alive,
      () => sourceError(sourceId, { _tag: "Unreachable", detail: `nothing came for ${patience} seconds` })
    ),
    Effect.andThen(Effect.sleep("1 second")),
    Effect.forever
  )
}
