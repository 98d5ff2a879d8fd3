import type { Change } from "../domain/Change.ts"
import { type Filter, filterChange } from "../domain/Filter.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"

/**
 * What the filter wants of a chunk, as chunks whose ordinals are right: a chunk counts its ordinals from the
 * first, so each unbroken run of wanted changes is one. `last` stays with the transaction's last change, if wanted.
 */
export const filterChunk = (filter: Filter, chunk: ArchivedChunk): ReadonlyArray<ArchivedChunk> => {
  if (filter.tables === null && filter.operations === null) return [chunk]
  const runs: Array<ArchivedChunk> = []
  const size = chunk.changes.length
  let run: Array<Change> = []
  const close = (until: number): void => {
    if (run.length === 0) return
    runs.push({
      ...chunk,
      firstOrdinal: chunk.firstOrdinal + until - run.length,
      changes: run,
      last: chunk.last && until === size,
      bytes: Math.round((chunk.bytes * run.length) / size)
    })
    run = []
  }
  for (const [index, change] of chunk.changes.entries()) {
    const wanted = filterChange(filter, change)
    if (wanted === undefined) close(index)
    else run.push(wanted)
  }
  close(size)
  return runs
}
