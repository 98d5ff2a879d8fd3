import { Schema } from "effect"
import { formatLsn } from "../../domain/Lsn.ts"
import { formatMicros } from "../../domain/Micros.ts"
import type { Hole, Place } from "../CoverageHoles.ts"

const PlaceJson = Schema.Struct({ seq: Schema.Int, lsn: Schema.String, time: Schema.String })

/** Something of one table that happened and is not in the history. */
export const HoleJson = Schema.Struct({
  table: Schema.String,
  /**
   * `changes`: what was written before the table joined the history. `updates_and_deletes`: while it had no replica
   * identity.
   */
  missing: Schema.Literals(["changes", "updates_and_deletes"]),
  /** Null: since the history's beginning. */
  from: Schema.NullOr(PlaceJson),
  /** The transaction from which on it is whole; null while the hole is open. */
  until: Schema.NullOr(PlaceJson)
}).annotate({ identifier: "Hole" })

const placeJson = (place: Place | null) =>
  place === null
    ? null
    : { seq: place.seq, lsn: formatLsn(place.commitLsn), time: formatMicros(place.commitTime) }

export const holeJson = ({ table, missing, from, until }: Hole): typeof HoleJson.Type => ({
  table,
  missing,
  from: placeJson(from),
  until: placeJson(until)
})
