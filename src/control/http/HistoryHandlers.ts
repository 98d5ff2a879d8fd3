import { Effect, Option } from "effect"
import { eventsOf } from "../../domain/Event.ts"
import { formatLsn } from "../../domain/Lsn.ts"
import { formatMicros, parseMicros } from "../../domain/Micros.ts"
import { Archive } from "../../log/Archive.ts"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import { coverageJson } from "../api/CoverageJson.ts"
import { EventMissing, TransactionMissing, Unavailable } from "../api/Problems.ts"
import { eventAt } from "../EventAt.ts"
import { volumeByTime } from "../EventVolume.ts"
import { invalidField } from "../InvalidField.ts"
import { decodeCursor, encodeCursor } from "../PageCursor.ts"
import { searchDepth } from "../RecentEvents.ts"
import { SourceView } from "../SourceView.ts"
import { storeUnavailable } from "../StoreUnavailable.ts"
import { transactionPage } from "../TransactionPage.ts"

/** How long volumes may be counted. */
const counting = "10 seconds"

/** Where a transaction's next page begins; undefined when the cursor is of another one. */
const ordinalOf = (cursor: string, seq: number): number | undefined => {
  const [ordinal, of] = decodeCursor(cursor) ?? []
  return ordinal !== undefined && /^\d{1,15}$/u.test(ordinal) && of === String(seq)
    ? Number(ordinal)
    : undefined
}

interface VolumeQuery {
  readonly start: string
  readonly end: string
  readonly buckets?: number
}

interface TransactionAsked {
  readonly params: { readonly seq: number }
  readonly query: { readonly limit?: number; readonly cursor?: string; readonly from?: number }
}

/** Those of the events' group that look into the whole history. */
export const makeHistoryHandlers = Effect.gen(function* () {
  const buffer = yield* LiveBuffer
  const { source } = yield* SourceView
  const archive = yield* Archive
  const stores = yield* Effect.context<Archive>()

  const recentEvent = (position: string) =>
    Effect.map(buffer.recent(searchDepth), (chunks) =>
      Option.fromUndefinedOr(
        chunks.flatMap((chunk) => eventsOf(source, chunk)).find((event) => event.position === position)
      )
    )

  return {
    volume: Effect.fnUntraced(function* ({ query }: { readonly query: VolumeQuery }) {
      // The contract has checked both.
      const [start, end] = [parseMicros(query.start) ?? 0, parseMicros(query.end) ?? 0]
      const { buckets = 60 } = query
      if (end - start < buckets) {
        return yield* invalidField("end", "must be after start, by at least a microsecond a bucket")
      }
      const counted = yield* volumeByTime(start, end, buckets).pipe(
        Effect.zip(archive.coverage),
        Effect.provide(stores),
        Effect.catchTag("LogError", storeUnavailable),
        Effect.timeoutOrElse({
          duration: counting,
          orElse: () =>
            Effect.fail(new Unavailable({ detail: `not counted within ${counting}: ask for less` }))
        })
      )
      const [items, coverage] = counted
      return {
        items: items.map((bucket) => ({
          ...bucket,
          start: formatMicros(bucket.start),
          end: formatMicros(bucket.end)
        })),
        coverage: coverageJson(coverage)
      }
    }),
    transaction: Effect.fnUntraced(
      function* ({ params, query }: TransactionAsked) {
        const { seq } = params
        const { limit = 100, cursor } = query
        const from = cursor === undefined ? (query.from ?? 0) : ordinalOf(cursor, seq)
        if (from === undefined) {
          return yield* invalidField("cursor", "is not the next_cursor of this transaction")
        }
        const page = yield* Effect.provide(transactionPage(source, seq, from, limit), stores)
        if (Option.isNone(page)) {
          return yield* new TransactionMissing({
            detail: `the archive does not hold transaction ${seq}`
          })
        }
        const { commit, incarnation, items, next } = page.value
        return {
          seq,
          incarnation,
          xid: commit.xid,
          commit_lsn: formatLsn(commit.commitLsn),
          commit_time: formatMicros(commit.commitTime),
          origin: commit.origin,
          tx_count: commit.count,
          items,
          next_cursor: next === null ? null : encodeCursor(String(next), String(seq))
        }
      },
      Effect.catchTag("LogError", storeUnavailable)
    ),
    event: Effect.fnUntraced(
      function* ({ params }: { readonly params: { readonly position: string } }) {
        const { position } = params
        const found = yield* eventAt(source, position).pipe(
          Effect.provide(stores),
          Effect.catchTag("LogError", (error) =>
            Effect.flatMap(
              recentEvent(position),
              Option.match({
                onNone: () => Effect.fail(error),
                onSome: (event) => Effect.succeed(Option.some(event))
              })
            )
          )
        )
        if (Option.isNone(found)) {
          return yield* new EventMissing({ detail: "the archive holds no change of this position" })
        }
        return found.value
      },
      Effect.catchTag("LogError", storeUnavailable)
    )
  }
})
