import { Effect, Option, Stream } from "effect"
import { type Event, eventsOf } from "../domain/Event.ts"
import type { Commit } from "../domain/Transaction.ts"
import { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"

export interface TransactionPage {
  readonly seq: number
  readonly incarnation: number
  readonly commit: Commit
  readonly items: ReadonlyArray<Event>
  /** The ordinal that the next page begins with; null at the end. */
  readonly next: number | null
}

/** Some changes of one commit, from an ordinal on. None where the archive does not hold it, or no more. */
export const transactionPage = Effect.fnUntraced(function* (
  source: string,
  seq: number,
  from: number,
  limit: number
): Effect.fn.Return<Option.Option<TransactionPage>, LogError, Archive> {
  const archive = yield* Archive
  const { firstSeq, nextSeq } = yield* archive.coverage
  if (seq < firstSeq || seq >= nextSeq) return Option.none()
  const chunks = yield* archive.read({ seq, ordinal: from }, seq + 1).pipe(
    Stream.flattenIterable,
    // One more than is asked for, or its end: no more of a large one is read than that.
    Stream.takeUntil((chunk) => chunk.firstOrdinal + chunk.changes.length > from + limit),
    Stream.runCollect
  )
  const [first] = chunks
  if (first === undefined) return Option.none()
  const { commit, incarnation } = first
  const items = chunks.flatMap((chunk) => eventsOf(source, chunk)).slice(0, limit)
  const next = from + items.length
  return Option.some({ seq, incarnation, commit, items, next: next < commit.count ? next : null })
})
