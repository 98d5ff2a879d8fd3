import { Effect, Option, Stream } from "effect"
import type { Incarnation } from "../domain/Log.ts"
import type { Lsn } from "../domain/Lsn.ts"
import type { Archive, ArchiveTail } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import { nextSeqOf } from "../log/Tail.ts"
import type { Attachment } from "./Attach.ts"
import type { FrontierMark } from "./Frontier.ts"
import type { NumberingStart } from "./Sequencer.ts"
import { explainReason, type SourceErrorReason } from "./SourceError.ts"
import { isSameServer } from "./SourceGap.ts"

/** A hole that a person let capture go over. */
export interface AcceptedGap {
  /** `SourceGap`'s id. */
  readonly gap: string
  readonly by: string
  readonly reason: string
}

const life = (
  { facts, startLsn }: Attachment,
  slot: string
): Pick<Incarnation, "systemIdentifier" | "timeline" | "database" | "slot" | "startLsn"> => ({
  systemIdentifier: facts.systemIdentifier,
  timeline: facts.timeline,
  database: facts.database,
  slot,
  startLsn
})

/** The first life of a source begins where its slot does. */
export const firstIncarnation = (attachment: Attachment, slot: string): Incarnation => ({
  ...life(attachment, slot),
  number: 1,
  firstSeq: 1,
  gap: null
})

/** Where the last whole transaction ends, if the mark does not know it yet. */
const endBeyondMark = Effect.fnUntraced(function* (
  archive: Archive["Service"],
  { mark, last }: ArchiveTail,
  number: number
): Effect.fn.Return<Lsn, LogError> {
  const seq = nextSeqOf(last) - 1
  if (last === null || last.incarnation !== number || seq <= (mark?.seq ?? 0)) return 0n
  if (last.complete) return last.commit.endLsn
  const chunks = yield* Stream.runHead(archive.read({ seq, ordinal: 0 }, seq + 1))
  const [chunk] = Option.getOrElse(chunks, () => [])
  return chunk === undefined || chunk.incarnation !== number ? 0n : chunk.commit.endLsn
})

/** Whether the slot was told that more is kept than there is: by this archive, before it was lost and restored, if by any. */
const endsEarly = ({ _tag }: SourceErrorReason): boolean => _tag === "Hole" || _tag === "SpillMissing"

/**
 * The life after an accepted hole, or after a promotion without one. seq goes on behind the last whole transaction; what
 * was not whole is given up.
 */
export const nextIncarnation = Effect.fnUntraced(function* (
  archive: Archive["Service"],
  tail: ArchiveTail,
  before: Incarnation,
  attachment: Attachment,
  slot: string,
  accepted: AcceptedGap | null
): Effect.fn.Return<Incarnation, LogError> {
  const { hole, startLsn } = attachment
  // What is stored already must not come again under another number.
  const end = hole === null || isSameServer(hole) ? yield* endBeyondMark(archive, tail, before.number) : 0n
  return {
    ...life(attachment, slot),
    number: before.number + 1,
    firstSeq: nextSeqOf(tail.last),
    startLsn: end > startLsn ? end : startLsn,
    gap:
      hole === null || accepted === null
        ? null
        : `${explainReason(hole)}. Accepted by ${accepted.by}: ${accepted.reason}`,
    ...(hole !== null && endsEarly(hole) ? { reusesNumbers: true } : {})
  }
})

/** Where numbering goes on in this life: behind its mark, or at its beginning. */
export const numberingStart = (
  { mark, last }: ArchiveTail,
  incarnation: Incarnation,
  startLsn: Lsn
): NumberingStart & FrontierMark => {
  const goesOn = mark !== null && mark.incarnation === incarnation.number
  const commitLsn = goesOn ? mark.commitLsn : last?.complete === true ? last.commit.commitLsn : 0n
  return {
    seq: goesOn ? mark.seq : incarnation.firstSeq - 1,
    commitLsn,
    endLsn: startLsn,
    incarnation: incarnation.number
  }
}
