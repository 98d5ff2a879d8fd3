import { comparePosition, type Position } from "../domain/Position.ts"
import { type ArchivedChunk, changeCount } from "../domain/Transaction.ts"

/** The ordinal after the chunk's last change. */
export const endOrdinal = (chunk: ArchivedChunk): number => chunk.firstOrdinal + changeCount(chunk)

/** Where the log goes on after the chunk. */
export const positionAfter = (chunk: ArchivedChunk): Position =>
  chunk.last ? { seq: chunk.seq + 1, ordinal: 0 } : { seq: chunk.seq, ordinal: endOrdinal(chunk) }

/** Whether every change of the chunk lies before the position. */
export const isBefore = (chunk: ArchivedChunk, position: Position): boolean =>
  comparePosition({ seq: chunk.seq, ordinal: endOrdinal(chunk) - 1 }, position) < 0

/**
 * The part of a chunk with ordinals in [from, until). Bytes are shared out by the number of changes, such that the
 * parts of a chunk add up to the whole.
 */
export const sliceChunk = (
  chunk: ArchivedChunk,
  from: number,
  until: number = endOrdinal(chunk)
): ArchivedChunk => {
  const total = changeCount(chunk)
  const start = Math.max(0, from - chunk.firstOrdinal)
  const end = Math.min(total, until - chunk.firstOrdinal)
  if (start === 0 && end === total) return chunk
  return {
    seq: chunk.seq,
    incarnation: chunk.incarnation,
    commit: chunk.commit,
    firstOrdinal: chunk.firstOrdinal + start,
    changes: chunk.changes.slice(start, end),
    last: chunk.last && end === total,
    bytes: Math.floor((chunk.bytes * end) / total) - Math.floor((chunk.bytes * start) / total)
  }
}
