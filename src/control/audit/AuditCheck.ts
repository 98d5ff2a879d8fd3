import { Effect } from "effect"
import { type AuditFault, type AuditHead, checkRows, emptyHead } from "./AuditChain.ts"
import { type AuditError, AuditLog } from "./AuditLog.ts"

/** Lines that are held at a time. */
const atOnce = 1000
/** Faults that are told. */
const most = 100

export interface AuditCheck {
  readonly intact: boolean
  readonly entries: number
  readonly head: AuditHead
  readonly faults: ReadonlyArray<AuditFault>
}

/**
 * Reads the record from its beginning and holds every line against the one before, and its end against what the head says.
 * `kept` is the end as it was told at another time: that line must still be there, with that hash.
 */
export const checkLog = Effect.fnUntraced(function* (
  kept: AuditHead | null
): Effect.fn.Return<AuditCheck, AuditError, AuditLog> {
  const log = yield* AuditLog
  // Before the lines: what is added meanwhile is behind it.
  const told = yield* log.head
  const ends = [told, ...(kept === null ? [] : [kept])].filter(({ seq }) => seq > 0)
  const faults: Array<AuditFault> = []
  let head = emptyHead
  let entries = 0
  for (;;) {
    const rows = yield* log.oldest(null, { limit: atOnce, after: head.seq })
    if (rows.length === 0) break
    const checked = checkRows(head, rows)
    faults.push(...checked.faults)
    for (const row of rows) {
      const differs = ends.some(({ seq, hash }) => seq === Number(row.seq) && hash !== row.hash)
      if (differs) faults.push({ seq: Number(row.seq), fault: "head-differs" })
    }
    entries += rows.length
    head = checked.head
  }
  const furthest = Math.max(...ends.map(({ seq }) => seq), 0)
  if (head.seq < furthest) faults.push({ seq: furthest, fault: "end-missing" })
  return { intact: faults.length === 0, entries, head, faults: faults.slice(0, most) }
})
