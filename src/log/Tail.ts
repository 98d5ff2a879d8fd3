import type { Incarnation } from "../domain/Log.ts"
import { formatLsn } from "../domain/Lsn.ts"
import { type ArchivedChunk, changeCount } from "../domain/Transaction.ts"
import type { ArchiveTail } from "./Archive.ts"
import { endOrdinal, isBefore, sliceChunk } from "./ChunkSlice.ts"

/** What must not be appended: it contradicts what is stored. */
export interface TailConflict {
  readonly seq: number
  readonly detail: string
}

export type LastStored = ArchiveTail["last"]

export interface Continuation {
  /** What is not stored yet, in order; the first chunk may be the rest of one that is stored in part. */
  readonly fresh: ReadonlyArray<ArchivedChunk>
  /** What is stored already and older than the tail's transaction: the store compares its commit LSNs. */
  readonly repeated: ReadonlyArray<ArchivedChunk>
  readonly last: LastStored
}

/** Where the log goes on: one past the last whole transaction. */
export const nextSeqOf = (last: LastStored): number =>
  last === null ? 1 : last.complete ? last.position.seq + 1 : last.position.seq

/** Why this chunk cannot be what is stored under this commit, or undefined. */
export const contradiction = (
  chunk: ArchivedChunk,
  stored: Pick<ArchivedChunk, "commit" | "incarnation">
): string | undefined => {
  if (chunk.incarnation !== stored.incarnation) {
    return `incarnation ${chunk.incarnation}, stored is ${stored.incarnation}`
  }
  if (chunk.commit.commitLsn !== stored.commit.commitLsn) {
    return `commit LSN ${formatLsn(chunk.commit.commitLsn)}, stored is ${formatLsn(stored.commit.commitLsn)}`
  }
  if (chunk.commit.count !== stored.commit.count) {
    return `${chunk.commit.count} changes, stored are ${stored.commit.count}`
  }
  return undefined
}

/** Why the chunk is none, whatever is stored. */
const malformed = (chunk: ArchivedChunk): string | undefined => {
  const end = endOrdinal(chunk)
  if (changeCount(chunk) === 0) return "a chunk without changes"
  if (end > chunk.commit.count || chunk.last !== (end === chunk.commit.count)) {
    return `changes ${chunk.firstOrdinal} to ${end - 1} of ${chunk.commit.count}, ${chunk.last ? "" : "not "}the last`
  }
  return undefined
}

/** What a chunk follows. */
type Predecessor = Pick<ArchivedChunk, "seq" | "commit" | "incarnation">

const startsWrongly = (
  chunk: ArchivedChunk,
  last: Predecessor | null,
  incarnations: ReadonlyArray<Incarnation>
): string | undefined => {
  const life = incarnations.find((incarnation) => incarnation.number === chunk.incarnation)
  if (life === undefined) return `incarnation ${chunk.incarnation} was never begun`
  if (incarnations.some((other) => other.number > life.number && other.firstSeq <= chunk.seq)) {
    return `incarnation ${chunk.incarnation} has ended before it`
  }
  if (chunk.seq < life.firstSeq) return `incarnation ${chunk.incarnation} begins at ${life.firstSeq}`
  if (
    last !== null &&
    last.incarnation === chunk.incarnation &&
    chunk.commit.commitLsn <= last.commit.commitLsn
  ) {
    return `commit LSN ${formatLsn(chunk.commit.commitLsn)} is not after ${formatLsn(last.commit.commitLsn)}`
  }
  return undefined
}

/** Decides what of the chunks is new. Pure: nothing is appended when there is a conflict anywhere. */
export const continueTail = (
  stored: LastStored,
  incarnations: ReadonlyArray<Incarnation>,
  chunks: ReadonlyArray<ArchivedChunk>
): Continuation | TailConflict => {
  const fresh: Array<ArchivedChunk> = []
  const repeated: Array<ArchivedChunk> = []
  let last: Predecessor | null = stored === null ? null : { ...stored, seq: stored.position.seq }
  let seq = nextSeqOf(stored)
  let ordinal = stored === null || stored.complete ? 0 : stored.position.ordinal + 1
  for (const chunk of chunks) {
    const sameAsLast = last !== null && chunk.seq === last.seq
    const wrong = malformed(chunk) ?? (last !== null && sameAsLast ? contradiction(chunk, last) : undefined)
    if (wrong !== undefined) return { seq: chunk.seq, detail: wrong }
    if (isBefore(chunk, { seq, ordinal })) {
      if (!sameAsLast) repeated.push(chunk)
      continue
    }
    const detail =
      chunk.seq !== seq || chunk.firstOrdinal > ordinal
        ? `change ${chunk.firstOrdinal} does not follow; next is change ${ordinal} of transaction ${seq}`
        : sameAsLast
          ? undefined
          : startsWrongly(chunk, last, incarnations)
    if (detail !== undefined) return { seq: chunk.seq, detail }
    const rest = sliceChunk(chunk, ordinal)
    fresh.push(rest)
    last = rest
    seq = chunk.last ? seq + 1 : seq
    ordinal = chunk.last ? 0 : endOrdinal(chunk)
  }
  return { fresh, repeated, last: lastAfter(stored, fresh.at(-1)) }
}

const lastAfter = (stored: LastStored, chunk: ArchivedChunk | undefined): LastStored =>
  chunk === undefined
    ? stored
    : {
        position: { seq: chunk.seq, ordinal: endOrdinal(chunk) - 1 },
        commit: chunk.commit,
        incarnation: chunk.incarnation,
        complete: chunk.last
      }

/** Why a new life cannot begin so, or undefined. The same one twice is fine: the first answer may have been lost. */
export const beginsWrongly = (
  incarnations: ReadonlyArray<Incarnation>,
  next: Incarnation,
  nextSeq: number
): string | undefined => {
  const newest = incarnations.at(-1)
  if (next.number !== (newest?.number ?? 0) + 1) {
    return `incarnation ${next.number} cannot follow ${newest?.number ?? "none"}`
  }
  return next.firstSeq === nextSeq ? undefined : `incarnation ${next.number} must begin at ${nextSeq}`
}

export const sameIncarnation = (a: Incarnation, b: Incarnation): boolean =>
  a.number === b.number &&
  a.systemIdentifier === b.systemIdentifier &&
  a.timeline === b.timeline &&
  a.database === b.database &&
  a.slot === b.slot &&
  a.firstSeq === b.firstSeq &&
  a.startLsn === b.startLsn &&
  a.gap === b.gap
