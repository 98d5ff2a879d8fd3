import { Effect } from "effect"
import type { Micros } from "../domain/Micros.ts"
import { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"

/** How much was committed in a stretch of time. */
export interface TimeBucket {
  readonly start: Micros
  readonly end: Micros
  readonly transactions: number
  readonly changes: number
}

/**
 * Changes by stretch of time, by the log time that windows of jobs are resolved by: each transaction is in one bucket, and
 * what a job over some buckets replays is their sum. Stretches in which nothing lies are not looked into: the archive is
 * asked at most twice for a bucket.
 */
export const volumeByTime = Effect.fnUntraced(function* (
  start: Micros,
  end: Micros,
  buckets: number
): Effect.fn.Return<ReadonlyArray<TimeBucket>, LogError, Archive> {
  const archive = yield* Archive
  const bounds = Array.from(
    { length: buckets + 1 },
    (_, i) => start + Math.round(((end - start) * i) / buckets)
  )
  const seqs = new Array<number>(bounds.length)
  const resolve = (at: number): Effect.Effect<number, LogError> =>
    archive.resolve({ _tag: "Time", time: bounds[at] ?? end })

  /** Between two bounds that are known. Log time does not go back: what lies between equal ends is equal. */
  const between = (low: number, high: number): Effect.Effect<void, LogError> => {
    const [first, last] = [seqs[low] ?? 0, seqs[high] ?? 0]
    if (high - low < 2) return Effect.void
    if (first === last) {
      seqs.fill(first, low + 1, high)
      return Effect.void
    }
    const middle = (low + high) >>> 1
    return Effect.gen(function* () {
      seqs[middle] = yield* resolve(middle)
      yield* between(low, middle)
      yield* between(middle, high)
    })
  }

  seqs[0] = yield* resolve(0)
  seqs[buckets] = yield* resolve(buckets)
  yield* between(0, buckets)
  return yield* Effect.forEach(
    Array.from({ length: buckets }, (_, i) => i),
    (i) => {
      const [from, until] = [seqs[i] ?? 0, seqs[i + 1] ?? 0]
      const stretch = { start: bounds[i] ?? start, end: bounds[i + 1] ?? end }
      return until <= from
        ? Effect.succeed({ ...stretch, transactions: 0, changes: 0 })
        : Effect.map(archive.volume(from, until), ({ transactions, changes }) => ({
            ...stretch,
            transactions,
            changes
          }))
    }
  )
})
