import { createHash } from "node:crypto"
import { Schema } from "effect"
import type { Incarnation } from "../domain/Log.ts"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import type { SourceErrorReason } from "./SourceError.ts"
import type { SourceIdentity } from "./SourceIdentity.ts"

/**
 * A hole between the log and what the source can still give. Capture goes over it only when a person has accepted
 * this very one.
 */
export const SourceGap = Schema.Struct({
  /** The same for the same hole, in every process and life. Another hole has another. */
  id: Schema.String,
  /** The life of the source that ended. */
  incarnation: Schema.Int,
  /** All that was committed before is in the log. */
  from: Schema.String,
  /** Where what can be had begins; null where that shows only when capture begins again. */
  until: Schema.NullOr(Schema.String)
})
export type SourceGap = typeof SourceGap.Type

/** Where a history stands, and the source as it is now. */
export interface GapPlace {
  readonly source: string
  readonly incarnation: Incarnation
  readonly from: Lsn
  readonly facts: SourceIdentity
  readonly slot: string
}

type Kind = "slot gone" | "slot moved" | "rewound" | "replaced"

/** A slot that is gone is gone, whether its name is still there or not. */
const kindOf = (reason: SourceErrorReason): Kind | undefined => {
  switch (reason._tag) {
    case "SlotLost":
    case "SlotMissing":
      return "slot gone"
    case "Hole":
    case "SpillMissing":
      return "slot moved"
    case "Rewound":
      return "rewound"
    case "Replaced":
      return "replaced"
    default:
      return undefined
  }
}

/** Everything that makes a hole another one goes into its name. A server that was set back moves on: its place does not. */
const idOf = (
  { source, incarnation, from, facts, slot }: GapPlace,
  kind: Kind,
  until: string | null
): string => {
  const parts = [
    source,
    incarnation.number,
    incarnation.systemIdentifier,
    incarnation.slot,
    formatLsn(incarnation.startLsn),
    formatLsn(from),
    kind,
    until,
    facts.systemIdentifier,
    facts.timeline,
    facts.database,
    slot
  ]
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)
}

/** The hole that an error is about, or undefined. */
export const gapOf = (place: GapPlace, reason: SourceErrorReason): SourceGap | undefined => {
  const kind = kindOf(reason)
  if (kind === undefined) return undefined
  const until = reason._tag === "Hole" || reason._tag === "SpillMissing" ? reason.until : null
  return {
    id: idOf(place, kind, until),
    incarnation: place.incarnation.number,
    from: formatLsn(place.from),
    until
  }
}

/**
 * Whether acceptance of `accepted` covers this. A crash between the new slot and the record of the new life finds a
 * slot that stands further on: it is the hole that was accepted, as that one was open above.
 */
export const coversGap = (accepted: string, place: GapPlace, gap: SourceGap): boolean =>
  accepted === gap.id || (gap.until !== null && accepted === idOf(place, "slot gone", null))

/** Whether it was accepted that the server was set back: it is so, though its log may have come to the old end since. */
export const coversRewound = (accepted: string, place: GapPlace): boolean =>
  accepted === idOf(place, "rewound", null)

/** Whether positions from before the hole mean the same after it: the server's history is the same, a part was not read. */
export const isSameServer = (reason: SourceErrorReason): boolean =>
  reason._tag === "SlotLost" ||
  reason._tag === "SlotMissing" ||
  reason._tag === "Hole" ||
  reason._tag === "SpillMissing" ||
  (reason._tag === "Replaced" && reason.what === "slot")
