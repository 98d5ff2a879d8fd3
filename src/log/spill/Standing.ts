import type { Mark, SpillName } from "../../domain/Log.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { ArchiveTail } from "../Archive.ts"
import { endOrdinal } from "../ChunkSlice.ts"
import type { LogErrorReason } from "../LogError.ts"
import type { LastStored } from "../Tail.ts"

/* How an archive and the spill beside it stand to each other. Pure. */

/** Where a log goes on. */
export const goesOnAt = (last: LastStored): Position =>
  last === null
    ? { seq: 1, ordinal: 0 }
    : last.complete
      ? { seq: last.position.seq + 1, ordinal: 0 }
      : { seq: last.position.seq, ordinal: last.position.ordinal + 1 }

/** The log's end after these were appended; repeated ones do not take it back. */
export const lastAfter = (last: LastStored, chunks: ReadonlyArray<ArchivedChunk>): LastStored => {
  const chunk = chunks.at(-1)
  if (chunk === undefined) return last
  const { seq, commit, incarnation } = chunk
  const position = { seq, ordinal: endOrdinal(chunk) - 1 }
  return comparePosition(position, goesOnAt(last)) < 0
    ? last
    : { position, commit, incarnation, complete: chunk.last }
}

/** The spill's two ends. */
export interface SpillEnds {
  /** The end of the archive that it continues. */
  readonly base: LastStored
  readonly last: LastStored
  /** The life of the source that it belongs to. */
  readonly incarnation: number
}

export type Standing =
  /** The archive has everything. */
  | { readonly _tag: "Covered" }
  /** The archive lacks what the spill has from here on. */
  | { readonly _tag: "Behind"; readonly from: Position }
  /** Another ingestor has gone on with the archive, and is not as far: what it does not write itself is missing. */
  | { readonly _tag: "Overtaken" }
  | { readonly _tag: "Apart"; readonly reason: LogErrorReason }

/**
 * What is to be done with a spill. `isOurs` says that nobody else can have written the archive since: its mark names
 * this spill, or this process has held the slot and written to the spill.
 */
export const standingOf = (
  archive: ArchiveTail,
  spill: SpillEnds,
  isOurs: boolean,
  file: string
): Standing => {
  const [end, from, until] = [archive.last, spill.base, spill.last].map(goesOnAt) as [
    Position,
    Position,
    Position
  ]
  const newest = archive.incarnations.at(-1)
  if (newest !== undefined && newest.number > spill.incarnation) {
    return {
      _tag: "Apart",
      reason: {
        _tag: "Unsuited",
        detail: `the spill ${file} continues life ${spill.incarnation} of the source, and life ${newest.number} has begun without it at transaction ${newest.firstSeq}`,
        fix: `what it held is the hole on record. Move ${file} away and start again`
      }
    }
  }
  if (comparePosition(end, from) < 0) {
    return { _tag: "Apart", reason: { _tag: "BelowMark", mark: from.seq - 1, end: end.seq - 1 } }
  }
  if (comparePosition(end, until) >= 0) return { _tag: "Covered" }
  return isOurs ? { _tag: "Behind", from: end } : { _tag: "Overtaken" }
}

/** The mark behind a transaction that was drained. Its coverage time lifts no log time of those that follow. */
export const drainedMark = ({ seq, commit, incarnation }: ArchivedChunk, partitions: number): Mark => ({
  seq,
  commitLsn: commit.commitLsn,
  endLsn: commit.endLsn,
  partitions,
  coverageTime: commit.commitTime,
  incarnation
})

/** The mark as the archive is to have it: with the name of the spill, before anything may be confirmed from that. */
export const named = (mark: Mark, spill: SpillName): Mark => ({ ...mark, spill })

/** The mark as capture is to have it: a spill that is here is no news. */
export const unnamed = (mark: Mark | null): Mark | null => {
  if (mark?.spill === undefined) return mark
  const { spill: _, ...rest } = mark
  return rest
}
