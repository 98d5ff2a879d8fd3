import type { Coverage, Incarnation, Mark } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { decodeHeads } from "../ChunkHeads.ts"
import { type LastStored, nextSeqOf } from "../Tail.ts"
import { continuesBase } from "./LogBase.ts"
import type { LogBase, Recovered, SegmentHeads } from "./Protocol.ts"

/** What the service knows of its file without asking: the two ends. Pure values, replaced as a whole. */
export interface Held {
  readonly mark: Mark | null
  readonly incarnations: ReadonlyArray<Incarnation>
  readonly last: LastStored
  /** The log time at the end of what is stored. */
  readonly topTime: Micros
  /** The same at the end of what is visible. */
  readonly visibleTop: Micros | null
  /** Null when nothing is stored. */
  readonly first: FirstHeld | null
  /** Null for a log that begins with transaction 1. */
  readonly base: LogBase | null
}

export interface FirstHeld {
  readonly seq: number
  /** As `Coverage.fromTime`; null while nothing of it is stored. */
  readonly time: Micros | null
}

/** From when on all is held: where the log time stood before the first one, what is removed may have had it too. */
const fromTimeOf = (seq: number, before: Micros, commitTime: Micros): Micros =>
  seq > 1 ? Math.max(commitTime, before + 1) : Math.max(commitTime, before)

/** A transaction whose beginning was removed is not held; one whose beginning lies in the log before is. */
export const firstHeld = (segment: SegmentHeads | null, base: LogBase | null): FirstHeld | null => {
  if (segment === null) return null
  const isWhole = segment.firstOrdinal === 0 || continuesBase(segment, base)
  const first = isWhole ? segment.firstSeq : segment.firstSeq + 1
  let before = segment.baseTime
  for (const { seq, commit } of decodeHeads(segment.heads)) {
    if (seq === first) return { seq, time: fromTimeOf(seq, before, commit.commitTime) }
    before = Math.max(before, commit.commitTime)
  }
  return { seq: first, time: null }
}

const lastStored = (segment: SegmentHeads | null): LastStored => {
  const head = segment === null ? undefined : decodeHeads(segment.heads).at(-1)
  if (segment === null || head === undefined) return null
  return {
    position: { seq: segment.lastSeq, ordinal: segment.lastOrdinal },
    commit: head.commit,
    incarnation: segment.incarnation,
    complete: segment.complete
  }
}

export const heldOf = (recovered: Recovered): Held => ({
  mark: recovered.mark,
  incarnations: recovered.incarnations,
  last: lastStored(recovered.last) ?? recovered.base?.last ?? null,
  topTime: recovered.last?.topTime ?? Number.MIN_SAFE_INTEGER,
  visibleTop: recovered.visibleTop,
  first: firstHeld(recovered.first, recovered.base),
  base: recovered.base
})

export const nextSeqHeld = (held: Held): number => nextSeqOf(held.last)

export const coverageOf = (held: Held): Coverage => {
  const nextSeq = nextSeqHeld(held)
  const firstSeq = held.first === null ? nextSeq : Math.min(held.first.seq, nextSeq)
  const times = [held.visibleTop, held.mark?.coverageTime].filter((time) => typeof time === "number")
  return {
    firstSeq,
    nextSeq,
    fromTime: firstSeq === nextSeq ? null : (held.first?.time ?? null),
    toTime: times.length === 0 ? null : Math.max(...times),
    toLsn: held.mark?.incarnation === held.incarnations.at(-1)?.number ? (held.mark?.endLsn ?? null) : null
  }
}

/** The log time that the next append follows: all that any `coverage` has told up to now. */
export const baseTimeOf = (held: Held): Micros =>
  Math.max(held.topTime, held.mark?.coverageTime ?? held.topTime)

/** After an append of these, the last of which is now `last`. */
export const heldAfter = (held: Held, fresh: ReadonlyArray<ArchivedChunk>, last: LastStored): Held => {
  let { visibleTop, first } = held
  let topTime = baseTimeOf(held)
  for (const { seq, commit, last: isLast } of fresh) {
    if (first === null || (first.time === null && first.seq === seq)) {
      first = { seq, time: fromTimeOf(seq, topTime, commit.commitTime) }
    }
    topTime = Math.max(topTime, commit.commitTime)
    if (isLast) visibleTop = topTime
  }
  return { ...held, last, topTime, visibleTop, first }
}
