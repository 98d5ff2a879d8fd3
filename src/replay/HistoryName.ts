import type { Incarnation, SeqRange } from "../domain/Log.ts"
import { formatLsn } from "../domain/Lsn.ts"

/** Seqs from `firstSeq` on, up to the next part's, are counted under this name. */
export interface HistoryPart {
  readonly name: string
  readonly firstSeq: number
}

/**
 * The names under which the seqs of an archive are counted, oldest first: another one from each life on that begins with
 * numbers which the archive may have given before (`Incarnation.reusesNumbers`).
 */
export const historyParts = (
  source: string,
  incarnations: ReadonlyArray<Incarnation>
): ReadonlyArray<HistoryPart> => {
  const [first] = incarnations
  if (first === undefined) return [{ name: source, firstSeq: 1 }]
  const name = `${source}@${first.systemIdentifier}/${first.slot}/${formatLsn(first.startLsn)}`
  return [
    { name, firstSeq: first.firstSeq },
    ...incarnations.flatMap(({ reusesNumbers, startLsn, firstSeq }) =>
      reusesNumbers === true ? [{ name: `${name}+${formatLsn(startLsn)}`, firstSeq }] : []
    )
  ]
}

/**
 * What a target's ledger counts positions of. Seq begins at 1 again in a new archive, even under the same source's
 * name, and somewhere in the middle in one that came from a backup: what another history's job applied must not be taken
 * for this one's.
 */
export const historyName = (source: string, incarnations: ReadonlyArray<Incarnation>): string =>
  historyParts(source, incarnations).at(-1)?.name ?? source

/** Whether seqs of the range that was pinned under a name are still those of the archive. */
export const isHeld = (parts: ReadonlyArray<HistoryPart>, name: string, { end }: SeqRange): boolean => {
  const at = parts.findIndex((part) => part.name === name)
  const next = parts[at + 1]
  return at >= 0 && (next === undefined || (end !== null && end <= next.firstSeq))
}
