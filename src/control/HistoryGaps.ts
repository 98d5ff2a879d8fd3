import { Effect, Option, Stream } from "effect"
import type { Incarnation } from "../domain/Log.ts"
import { formatMicros } from "../domain/Micros.ts"
import type { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import type { JobWarning } from "./api/JobJson.ts"
import { type Asked, isInWindow, type Place, placeText } from "./CoverageHoles.ts"

/** A hole between two lives of the source, which an admin has accepted. It is one in all tables. */
export interface Gap {
  readonly incarnation: Incarnation
  readonly text: string
  /** The last transaction before it; null where that is not held. */
  readonly from: Place | null
  /** The first one after it; null while there is none. */
  readonly until: Place | null
}

/** A transaction's place, if it is held. */
const placeOf = Effect.fnUntraced(function* (
  archive: Archive["Service"],
  seq: number
): Effect.fn.Return<Place | null, LogError> {
  const { firstSeq, nextSeq } = yield* archive.coverage
  if (seq < firstSeq || seq >= nextSeq) return null
  const found = yield* archive.read({ seq, ordinal: 0 }, seq + 1).pipe(
    Stream.runHead,
    // Retention was faster.
    Effect.catchIf(
      (error) => error.reason._tag === "Missing",
      () => Effect.succeedNone
    )
  )
  const [chunk] = Option.getOrElse(found, () => [])
  return chunk === undefined
    ? null
    : { seq, commitLsn: chunk.commit.commitLsn, commitTime: chunk.commit.commitTime }
})

/** Those that lie in the held history. */
export const readGaps = Effect.fnUntraced(function* (
  archive: Archive["Service"]
): Effect.fn.Return<ReadonlyArray<Gap>, LogError> {
  const gaps: Array<Gap> = []
  const { firstSeq } = yield* archive.coverage
  for (const incarnation of yield* archive.incarnations) {
    if (incarnation.gap === null || incarnation.firstSeq <= firstSeq) continue
    gaps.push({
      incarnation,
      text: incarnation.gap,
      from: yield* placeOf(archive, incarnation.firstSeq - 1),
      until: yield* placeOf(archive, incarnation.firstSeq)
    })
  }
  return gaps
})

/** In a sentence, for people. */
export const gapText = ({ incarnation, text, from, until }: Gap): string => {
  const between = from === null ? "" : ` from ${placeText(from)}`
  const to =
    until === null ? "the next transaction" : `${formatMicros(until.commitTime)} (transaction ${until.seq})`
  return `the history has a hole in all tables${between} to ${to}, where life ${incarnation.number} of the source begins: ${text}`
}

/** A window that ends or begins in the hole, or reaches over it. Transactions cannot tell "in it" from "at its edge". */
export const gapWarnings = (job: Asked, gaps: ReadonlyArray<Gap>): ReadonlyArray<JobWarning> =>
  gaps
    .filter((gap) => {
      const { firstSeq } = gap.incarnation
      if (job.plan === null) return isInWindow(job, gap)
      const { start, end } = job.plan.range
      return start <= firstSeq && (end === null || end >= firstSeq)
    })
    .map((gap) => ({ code: "gap", message: gapText(gap) }))
