import { Effect, Stream } from "effect"
import { type Filter, filterChange } from "../domain/Filter.ts"
import type { ReadHints } from "../domain/Log.ts"
import { comparePosition, type Position } from "../domain/Position.ts"
import { Archive } from "../log/Archive.ts"
import { endOrdinal, sliceChunk } from "../log/ChunkSlice.ts"
import type { LogError } from "../log/LogError.ts"
import type { Passed } from "./Backlog.ts"
import type { Skips } from "./Skips.ts"

/** What a job has applied beyond what its row says. */
export interface Unrecorded {
  readonly changes: number
  readonly until: Passed
}

/**
 * Counts what was applied from `from` up to the ledger's position: the runner before ended between the target's commit and
 * its own bookkeeping. Reads the archive, about a second's worth of applying. Undefined when there is nothing.
 */
export const unrecorded = Effect.fnUntraced(function* (
  from: Position,
  ledger: Position,
  filter: Filter,
  skips: Skips,
  hints: ReadHints
): Effect.fn.Return<Unrecorded | undefined, LogError, Archive> {
  if (comparePosition(ledger, from) < 0) return undefined
  const archive = yield* Archive
  let changes = 0
  let until: Passed | undefined
  let newest = hints
  yield* archive.read(from, ledger.seq + 1, hints).pipe(
    Stream.runForEach((page) =>
      Effect.sync(() => {
        for (const chunk of page) {
          const end =
            chunk.seq === ledger.seq ? Math.min(endOrdinal(chunk), ledger.ordinal + 1) : endOrdinal(chunk)
          const start =
            chunk.seq === from.seq ? Math.max(chunk.firstOrdinal, from.ordinal) : chunk.firstOrdinal
          if (end <= start) continue
          const { chunks } = skips.leaveOut([sliceChunk(chunk, start, end)])
          for (const applied of chunks) {
            for (const change of applied.changes) if (filterChange(filter, change) !== undefined) changes += 1
          }
          if (end === endOrdinal(chunk)) newest = chunk.hints ?? newest
          until = {
            position: { seq: chunk.seq, ordinal: end - 1 },
            commit: chunk.commit,
            incarnation: chunk.incarnation,
            hints: newest
          }
        }
      })
    )
  )
  return until === undefined ? undefined : { changes, until }
})
