import type { Mark } from "../domain/Log.ts"
import { formatLsn } from "../domain/Lsn.ts"
import type { TailConflict } from "./Tail.ts"

/**
 * The mark to store, or why not: it never goes back and never promises what is not stored. Its coverage time is kept
 * when the source's clock goes back.
 */
export const nextMark = (stored: Mark | null, next: Mark, nextSeq: number): Mark | TailConflict => {
  const conflict = (detail: string): TailConflict => ({ seq: next.seq, detail })
  if (next.seq >= nextSeq) return conflict(`a mark for it, but the log ends at ${nextSeq - 1}`)
  if (stored === null) return next
  if (next.seq < stored.seq) return conflict(`a mark for it, but the mark is at ${stored.seq}`)
  if (next.incarnation < stored.incarnation) {
    return conflict(`a mark of incarnation ${next.incarnation}, but the mark is of ${stored.incarnation}`)
  }
  if (next.incarnation === stored.incarnation && next.endLsn < stored.endLsn) {
    return conflict(`a mark at ${formatLsn(next.endLsn)}, but the mark is at ${formatLsn(stored.endLsn)}`)
  }
  return { ...next, coverageTime: Math.max(next.coverageTime, stored.coverageTime) }
}
