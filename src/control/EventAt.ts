import { Effect, Option, Stream } from "effect"
import { type Event, eventsOf } from "../domain/Event.ts"
import { parsePosition } from "../domain/Position.ts"
import { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"

/**
 * The event of this name. None for a text that names none, and where it cannot be found any more: retention has removed
 * it, or it is of an earlier life of the source, whose LSNs are not looked up.
 */
export const eventAt = Effect.fnUntraced(function* (
  source: string,
  position: string
): Effect.fn.Return<Option.Option<Event>, LogError, Archive> {
  const place = parsePosition(position)
  if (place === undefined) return Option.none()
  const archive = yield* Archive
  const newest = (yield* archive.incarnations).at(-1)
  if (newest?.number !== place.incarnation || place.commitLsn < newest.startLsn) return Option.none()
  const { firstSeq, nextSeq } = yield* archive.coverage
  const seq = yield* archive.resolve({ _tag: "Lsn", lsn: place.commitLsn })
  if (seq < firstSeq || seq >= nextSeq) return Option.none()
  const page = yield* archive.read({ seq, ordinal: place.ordinal }, seq + 1).pipe(Stream.runHead)
  return Option.flatMap(page, (chunks) =>
    Option.fromUndefinedOr(
      chunks.flatMap((chunk) => eventsOf(source, chunk)).find((event) => event.position === position)
    )
  )
})
