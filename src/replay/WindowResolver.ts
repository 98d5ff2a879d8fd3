import { Effect, Option, Schema, Stream } from "effect"
import type { JobSpec } from "../domain/Job.ts"
import type { Coverage, SeqRange } from "../domain/Log.ts"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import { formatMicros, type Micros } from "../domain/Micros.ts"
import { Archive, type Bound } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"

/*
 * A window asked for by time or LSN becomes an interval of seq once: from the first seq with log time (or LSN) at or
 * after the start, up to but not including the first one at or after the end. Adjacent windows tile, because the end
 * of one and the start of the next are the same question, and the archive's answer never changes.
 */

/** The window begins before the oldest transaction that is held. */
export class HistoryRemoved extends Schema.TaggedError<HistoryRemoved>()("HistoryRemoved", {
  start: Schema.String,
  firstSeq: Schema.Int,
  firstTime: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    const held = this.firstTime === null ? "nothing" : `the history from ${this.firstTime} on`
    return `history from ${this.start} on is asked for, but only ${held} (transaction ${this.firstSeq}) is still held`
  }
}

/** LSNs count within one life of the source: this one is of an earlier life, or of none. */
export class LsnUnknown extends Schema.TaggedError<LsnUnknown>()("LsnUnknown", {
  lsn: Schema.String,
  startLsn: Schema.String,
  incarnation: Schema.Int
}) {
  override get message(): string {
    return `LSN ${this.lsn} lies before ${this.startLsn}, where incarnation ${this.incarnation} of the source begins: LSNs are known within the newest incarnation only`
  }
  get fix(): string {
    return "ask for the window by time"
  }
}

export type WindowError = HistoryRemoved | LsnUnknown

type Asked = Pick<JobSpec, "startTime" | "endTime" | "startLsn" | "endLsn" | "follow">

const boundsOf = (time: Micros | null, lsn: Lsn | null): ReadonlyArray<Bound> => [
  ...(time === null ? [] : [{ _tag: "Time", time } as const]),
  ...(lsn === null ? [] : [{ _tag: "Lsn", lsn } as const])
]

/** Where a bound lies, once and for all; null while it lies ahead of everything. */
const resolveBound = Effect.fnUntraced(function* (
  bound: Bound,
  coverage: Coverage
): Effect.fn.Return<number | null, LogError | LsnUnknown, Archive> {
  const archive = yield* Archive
  if (bound._tag === "Time") {
    const isPassed = coverage.toTime !== null && coverage.toTime >= bound.time
    return isPassed ? yield* archive.resolve(bound) : null
  }
  const newest = (yield* archive.incarnations).at(-1)
  // The first life has none before it: what lies before its beginning is not in the log, by time as by LSN.
  if (newest !== undefined && newest.number > 1 && bound.lsn < newest.startLsn) {
    const [lsn, startLsn] = [formatLsn(bound.lsn), formatLsn(newest.startLsn)]
    return yield* new LsnUnknown({ lsn, startLsn, incarnation: newest.number })
  }
  const seq = yield* archive.resolve(bound)
  const isPassed = coverage.toLsn !== null && coverage.toLsn >= bound.lsn
  return seq < coverage.nextSeq || isPassed ? seq : null
})

const refuseRemoved = Effect.fnUntraced(function* (
  bound: Bound,
  coverage: Coverage
): Effect.fn.Return<void, LogError | HistoryRemoved, Archive> {
  const archive = yield* Archive
  const refuse = (start: string) =>
    new HistoryRemoved({
      start,
      firstSeq: coverage.firstSeq,
      firstTime: coverage.fromTime === null ? null : formatMicros(coverage.fromTime)
    })
  if (bound._tag === "Time") {
    const from = coverage.fromTime ?? coverage.toTime
    return from !== null && bound.time < from ? yield* refuse(formatMicros(bound.time)) : undefined
  }
  const first = yield* archive
    .read({ seq: coverage.firstSeq, ordinal: 0 }, coverage.firstSeq + 1)
    .pipe(Stream.runHead)
  const lsn = Option.isSome(first) ? first.value[0]?.commit.commitLsn : undefined
  if (lsn !== undefined && bound.lsn < lsn) return yield* refuse(formatLsn(bound.lsn))
})

/** The later of the bounds; null while one of them lies ahead. Without bounds, the beginning of what is held. */
const resolveStart = Effect.fnUntraced(function* (
  asked: Asked
): Effect.fn.Return<number | null, LogError | WindowError, Archive> {
  const archive = yield* Archive
  const coverage = yield* archive.coverage
  let start = coverage.firstSeq
  for (const bound of boundsOf(asked.startTime, asked.startLsn)) {
    const seq = yield* resolveBound(bound, coverage)
    if (seq === null) return null
    if (seq === coverage.firstSeq && coverage.firstSeq > 1) yield* refuseRemoved(bound, coverage)
    start = Math.max(start, seq)
  }
  return start
})

/** The earlier of the bounds; null while all of them lie ahead, or when there is none and the job follows. */
export const resolveEnd = Effect.fnUntraced(function* (
  asked: Asked
): Effect.fn.Return<number | null, LogError | LsnUnknown, Archive> {
  const archive = yield* Archive
  const coverage = yield* archive.coverage
  const bounds = boundsOf(asked.endTime, asked.endLsn)
  if (bounds.length === 0) return asked.follow ? null : coverage.nextSeq
  let end: number | null = null
  for (const bound of bounds) {
    const seq = yield* resolveBound(bound, coverage)
    // One that still lies ahead will turn out to be behind all that there is now, hence behind this one.
    if (seq !== null) end = end === null ? seq : Math.min(end, seq)
  }
  return end
})

/** Tries whenever the log has moved past one of the bounds, until there is an answer. */
const whenKnown = <A, E>(
  time: Micros | null,
  lsn: Lsn | null,
  attempt: Effect.Effect<A | null, E, Archive>
): Effect.Effect<A, E, Archive> =>
  Effect.gen(function* () {
    const archive = yield* Archive
    const isWorthTrying = ({ toTime, toLsn }: Coverage): boolean =>
      (time !== null && toTime !== null && toTime >= time) || (lsn !== null && toLsn !== null && toLsn >= lsn)
    const found = yield* archive.coverageChanges.pipe(
      Stream.filter(isWorthTrying),
      Stream.mapEffect(() => attempt),
      Stream.filter((answer) => answer !== null),
      Stream.runHead
    )
    return Option.isSome(found) ? found.value : yield* Effect.never
  })

/**
 * The window as an interval of seq. Waits while its start lies ahead, after `onWait`. `end` is null when the end still
 * lies ahead (`awaitEnd` tells it) and for a job that follows the log.
 */
export const resolveWindow = (
  asked: Asked,
  onWait: () => void
): Effect.Effect<SeqRange, LogError | WindowError, Archive> => {
  const attempt = Effect.gen(function* () {
    const start = yield* resolveStart(asked)
    const end = yield* resolveEnd(asked)
    if (start === null) return end === null ? null : { start: end, end }
    return { start, end: end === null ? null : Math.max(start, end) }
  })
  return Effect.filterOrElse(
    attempt,
    (range) => range !== null,
    () => {
      onWait()
      return whenKnown(asked.startTime, asked.startLsn, attempt)
    }
  )
}

/** The end of a window that lay ahead, as soon as it is known. Never for a job without one. */
export const awaitEnd = (asked: Asked): Effect.Effect<number, LogError | LsnUnknown, Archive> =>
  whenKnown(asked.endTime, asked.endLsn, resolveEnd(asked))
