import { type Position, parsePosition } from "../domain/Position.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import { endOrdinal, sliceChunk } from "../log/ChunkSlice.ts"

/** What of a stretch of the log is to be applied, and what in it is passed over. */
export interface Left {
  readonly chunks: ReadonlyArray<ArchivedChunk>
  readonly skipped: ReadonlyArray<Position>
}

/** The changes that a job passes over because a person said so. */
export interface Skips {
  readonly leaveOut: (chunks: ReadonlyArray<ArchivedChunk>) => Left
}

const nothing: Skips = { leaveOut: (chunks) => ({ chunks, skipped: [] }) }

/** `positions`: as the outside names them. Others' texts name no change. */
export const makeSkips = (positions: ReadonlyArray<string>): Skips => {
  if (positions.length === 0) return nothing
  const wanted = new Map<bigint, Array<{ readonly incarnation: number; readonly ordinal: number }>>()
  for (const { commitLsn, ...change } of positions.flatMap((text) => parsePosition(text) ?? [])) {
    wanted.set(commitLsn, [...(wanted.get(commitLsn) ?? []), change])
  }

  const ordinalsIn = ({ incarnation, commit }: ArchivedChunk): ReadonlyArray<number> =>
    (wanted.get(commit.commitLsn) ?? [])
      .filter((change) => change.incarnation === incarnation)
      .map(({ ordinal }) => ordinal)
      .sort((a, b) => a - b)

  return {
    leaveOut: (chunks) => {
      const left: Array<ArchivedChunk> = []
      const skipped: Array<Position> = []
      for (const chunk of chunks) {
        const end = endOrdinal(chunk)
        let from = chunk.firstOrdinal
        for (const ordinal of ordinalsIn(chunk)) {
          if (ordinal < from || ordinal >= end) continue
          skipped.push({ seq: chunk.seq, ordinal })
          if (ordinal > from) left.push(sliceChunk(chunk, from, ordinal))
          from = ordinal + 1
        }
        if (from < end) left.push(sliceChunk(chunk, from))
      }
      return { chunks: left, skipped }
    }
  }
}
