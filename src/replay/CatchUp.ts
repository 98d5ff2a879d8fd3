import { Effect, Stream } from "effect"
import { type Filter, filterChange } from "../domain/Filter.ts"
import { comparePosition, type Position } from "../domain/Position.ts"
import { Archive } from "../log/Archive.ts"
import { endOrdinal, sliceChunk } from "../log/ChunkSlice.ts"
import type { LogError } from "../log/LogError.ts"
import type { Passed } from "./Backlog.ts"

/** What a job has applied beyond what its row says. */
export interface Unrecorded {
  readonly changes: number
  readonly until: Passed
}

/**
 * Counts what lies from `from` up to the ledger's position: the runner before ended between the target's commit and
 * its own bookkeeping. Reads the archive, about a second's worth of applying. Undefined when there is nothing.
 */
export const unrecorded = Effect.fnUntraced(function* (
  from: Position,
  ledger: Position,
  filter: Filter
): Effect.fn.Return<Unrecorded | undefined, LogError, Archive> {
  if (comparePosition(ledger, from) < 0) return undefined
  const archive = yield* Archive
  let changes = 0
  let until: Passed | undefined
  yield* archive.read(from, ledger.seq + 1).pipe(
    Stream.runForEach((page) =>
      Effect.sync(() => {
        for (const chunk of page) {
          const end =
            chunk.seq === ledger.seq ? Math.min(endOrdinal(chunk), ledger.ordinal + 1) : endOrdinal(chunk)
          const start =
            chunk.seq === from.seq ? Math.max(chunk.firstOrdinal, from.ordinal) : chunk.firstOrdinal
          if (end <= start) continue
          for (const change of sliceChunk(chunk, start, end).changes) {
            if (filterChange(filter, change) !== undefined) changes += 1
          }
          until = {
            position: { seq: chunk.seq, ordinal: end - 1 },
            commit: chunk.commit,
            incarnation: chunk.incarnation
          }
        }
      })
    )
  )
  return until === undefined ? undefined : { changes, until }
})
