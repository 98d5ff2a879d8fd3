import type { Incarnation, Mark } from "../domain/Log.ts"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import type { ArchiveTail } from "../log/Archive.ts"
import type { SourceErrorReason } from "./SourceError.ts"
import type { SourceFacts } from "./SourceIdentity.ts"

/** What the archive knows of this source. */
export interface History {
  readonly incarnation: Incarnation | null
  readonly mark: Mark | null
  /** Where the last transaction of which anything is stored ends; null where its life has none. */
  readonly storedEnd: Lsn | null
}

/** Of a source that has none yet. */
export const noHistory: History = { incarnation: null, mark: null, storedEnd: null }

/** From what the archive was found to hold. */
export const historyOf = ({
  mark,
  incarnations,
  last
}: Pick<ArchiveTail, "mark" | "incarnations" | "last">): History => {
  const incarnation = incarnations.at(-1) ?? null
  const isOfLife = last !== null && last.incarnation === incarnation?.number
  return { incarnation, mark, storedEnd: isOfLife ? last.commit.endLsn : null }
}

/** Where the server's past left the history's timeline; undefined where it is on it still, or never was. */
const leftAt = ({ timelines }: SourceFacts, { timeline }: Incarnation): Lsn | undefined =>
  timelines.get(timeline)

/** Where the last transaction that the archive ever had of this life ends, at least: retention may have taken it, not its mark. */
const lastOf = (incarnation: Incarnation, { mark, storedEnd }: History): Lsn => {
  const isOfLife = mark?.incarnation === incarnation.number && mark.seq >= incarnation.firstSeq
  const marked = isOfLife ? mark.commitLsn + 1n : 0n
  return storedEnd !== null && storedEnd > marked ? storedEnd : marked
}

/** Why the server's timeline does not go on with the history, or undefined. */
const timelineProblem = (
  facts: SourceFacts,
  incarnation: Incarnation,
  history: History
): SourceErrorReason | undefined => {
  if (facts.timeline === incarnation.timeline) return undefined
  const left = leftAt(facts, incarnation)
  const last = lastOf(incarnation, history)
  if (left !== undefined && last <= left) return undefined
  const [was, is] = [String(incarnation.timeline), String(facts.timeline)]
  const detail =
    left === undefined
      ? `timeline ${is} does not come from timeline ${was}`
      : `timeline ${is} left timeline ${was} at ${formatLsn(left)}, and the log has what was committed on that up to ${formatLsn(last)}: the standby did not have it`
  return { _tag: "Replaced", what: "timeline", was, is, detail }
}

/** In what the source is another one than it was, or undefined. */
const replaced = (
  facts: SourceFacts,
  slot: string,
  was: Incarnation,
  history: History
): SourceErrorReason | undefined => {
  if (was.systemIdentifier !== facts.systemIdentifier)
    return { _tag: "Replaced", what: "system", was: was.systemIdentifier, is: facts.systemIdentifier }
  const timeline = timelineProblem(facts, was, history)
  if (timeline !== undefined) return timeline
  if (was.database !== facts.database)
    return { _tag: "Replaced", what: "database", was: was.database, is: facts.database }
  return was.slot === slot ? undefined : { _tag: "Replaced", what: "slot", was: was.slot, is: slot }
}

/** Whether the source has been promoted since, with a past that the history is a part of. */
export const isPromoted = (facts: SourceFacts, { incarnation }: History): boolean =>
  incarnation !== null && incarnation.timeline !== facts.timeline && leftAt(facts, incarnation) !== undefined

/**
 * Up to where the log has everything; null for a source without a history. Behind a promotion, at most to where the old
 * timeline was left: what the old primary passed after that without a commit is not this one's.
 */
export const endOfHistory = (facts: SourceFacts, { incarnation, mark }: History): Lsn | null => {
  if (incarnation === null) return null
  const end = mark !== null && mark.incarnation === incarnation.number ? mark.endLsn : incarnation.startLsn
  const left = facts.timeline === incarnation.timeline ? undefined : leftAt(facts, incarnation)
  return left !== undefined && left < end ? left : end
}

/** Why a source cannot be the one whose history this is, whatever its slot says, or undefined. */
export const historyProblem = (
  facts: SourceFacts,
  slot: string,
  history: History
): SourceErrorReason | undefined => {
  const from = endOfHistory(facts, history)
  if (history.incarnation === null || from === null) return undefined
  const other = replaced(facts, slot, history.incarnation, history)
  if (other !== undefined) return other
  return facts.currentLsn < from
    ? { _tag: "Rewound", from: formatLsn(from), current: formatLsn(facts.currentLsn) }
    : undefined
}
