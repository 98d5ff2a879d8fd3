import { Schema } from "effect"
import type { SourceGap } from "../../ingest/SourceGap.ts"

/** The hole that capture has stopped at. `id` names this very one: it is what accepting asks for. */
export const GapJson = Schema.Struct({
  id: Schema.String,
  /** The life of the source that ended there. */
  incarnation: Schema.Int,
  /** All that was committed before is in the log. */
  from_lsn: Schema.String,
  /** Where what can be had begins; null where that shows only when capture begins again. */
  until_lsn: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Gap" })

export const gapJson = ({ id, incarnation, from, until }: SourceGap): typeof GapJson.Type => ({
  id,
  incarnation,
  from_lsn: from,
  until_lsn: until
})

export const AcceptGap = Schema.Struct({
  /** The hole's `id`, as `system/source` shows it: what is accepted is this one, and no other that comes later. */
  gap: Schema.NonEmptyString,
  /** Why it may be gone over. Kept with the log and in the control database. */
  reason: Schema.String.check(Schema.isPattern(/\S/u, { message: "must say why" }), Schema.isMaxLength(1000))
}).annotate({ identifier: "AcceptGap" })

/** A hole that was accepted, as it is on record. */
export const GapAcceptance = Schema.Struct({
  source: Schema.String,
  gap: Schema.String,
  incarnation: Schema.Int,
  /** The code of what capture stopped with, e.g. `slot_missing`. */
  cause: Schema.String,
  message: Schema.String,
  from_lsn: Schema.String,
  /** Where the next life begins; null until it does. */
  to_lsn: Schema.NullOr(Schema.String),
  reason: Schema.String,
  accepted_by: Schema.String,
  accepted_at: Schema.String
}).annotate({ identifier: "GapAcceptance" })
export type GapAcceptance = typeof GapAcceptance.Type
