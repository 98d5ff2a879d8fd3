import type { Coverage, Incarnation, Mark } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { type LastStored, nextSeqOf } from "../Tail.ts"
import { decodeHeads } from "./ChunkHeads.ts"
import type { Recovered, SegmentHeads } from "./Protocol.ts"

/** What the service knows of its file without asking: the two ends. Pure values, replaced as a whole. */
export interface Held {
  readonly mark: Mark | null
  readonly incarnations: ReadonlyArray<Incarnation>
  readonly last: LastStored
  /** The running maximum of commit times at the end of what is stored. */
  readonly topTime: Micros
  /** The same at the end of what is visible. */
  readonly visibleTop: Micros | null
  /** Null when nothing is stored. */
  readonly first: FirstHeld | null
}

export interface FirstHeld {
  readonly seq: number
  readonly time: Micros | null
}

/** A transaction whose beginning was removed is not held. */
export const firstHeld = (segment: SegmentHeads | null): FirstHeld | null => {
  if (segment === null) return null
  const seq = segment.firstOrdinal === 0 ? segment.firstSeq : segment.firstSeq + 1
  const head = decodeHeads(segment.heads).find((h) => h.seq === seq)
  return { seq, time: head?.commit.commitTime ?? null }
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
  last: lastStored(recovered.last),
  topTime: recovered.last?.topTime ?? Number.MIN_SAFE_INTEGER,
  visibleTop: recovered.visibleTop,
  first: firstHeld(recovered.first)
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
    toTime: times.length === 0 ? null : Math.max(...times)
  }
}

/** After an append of these, the last of which is now `last`. */
export const heldAfter = (held: Held, fresh: ReadonlyArray<ArchivedChunk>, last: LastStored): Held => {
  let { topTime, visibleTop, first } = held
  for (const chunk of fresh) {
    topTime = Math.max(topTime, chunk.commit.commitTime)
    if (chunk.last) visibleTop = topTime
    if (first === null || (first.time === null && first.seq === chunk.seq)) {
      first = { seq: chunk.seq, time: chunk.commit.commitTime }
    }
  }
  return { ...held, last, topTime, visibleTop, first }
}
