import { Schema } from "effect"
import { hexLsn } from "../../domain/Lsn.ts"
import { RelationShape } from "../RelationShape.ts"

/*
 * The meta topic: compacted, so that the newest record of each key stays. Read whole at the start of every process.
 */

const Lsn = Schema.String.check(Schema.isPattern(/^[0-9A-F]{16}$/u))
const Counter = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Commit = Schema.Struct({
  xid: Schema.Int,
  commit_lsn: Lsn,
  end_lsn: Lsn,
  commit_time: Schema.Int,
  origin: Schema.NullOr(Schema.String),
  count: Counter
})

const Place = Schema.Struct({
  seq: Counter,
  last: Schema.NullOr(
    Schema.Struct({ incarnation: Schema.Int, commit: Commit, log_time: Schema.Int, bytes: Counter })
  ),
  offsets: Schema.Array(Counter),
  changes: Counter,
  bytes: Counter
})

export const MetaEntry = Schema.Union([
  /** Whose log it is. `version` is that of the format. */
  Schema.TaggedStruct("source", { source: Schema.String, version: Schema.Literal(1) }),
  Schema.TaggedStruct("mark", {
    seq: Counter,
    commit_lsn: Lsn,
    end_lsn: Lsn,
    partitions: Counter,
    coverage_time: Schema.Int,
    incarnation: Counter,
    /** Where the log ended when it was written: what lies before cannot be missing. */
    place: Place,
    spill: Schema.optionalKey(Schema.Struct({ id: Schema.String, file: Schema.String }))
  }),
  Schema.TaggedStruct("incarnation", {
    number: Schema.Int,
    system_identifier: Schema.String,
    timeline: Schema.Int,
    database: Schema.String,
    slot: Schema.String,
    first_seq: Counter,
    start_lsn: Lsn,
    gap: Schema.NullOr(Schema.String),
    reuses_numbers: Schema.optionalKey(Schema.Literal(true))
  }),
  Schema.TaggedStruct("relation", { fingerprint: Schema.String, ...RelationShape.fields }),
  Schema.TaggedStruct("partitions", { from_seq: Counter, partitions: Counter }),
  Schema.TaggedStruct("place", { place: Place })
])
export type MetaEntry = typeof MetaEntry.Type
export type PlaceEntry = typeof Place.Type

/** The key under which compaction keeps the newest. */
export const metaKey = (entry: MetaEntry): string => {
  switch (entry._tag) {
    case "source":
    case "mark":
      return entry._tag
    case "incarnation":
      return `incarnation/${entry.number}`
    case "relation":
      return `relation/${entry.fingerprint}`
    case "partitions":
      return `partitions/${entry.from_seq}`
    case "place":
      return placeKey(entry.place.seq)
  }
}

export const placeKey = (seq: number): string => `place/${seq}`

export const encodeMeta = (entry: MetaEntry): string => JSON.stringify(entry)

/** Undefined for what is no entry that we know. */
export const decodeMeta = (text: string): MetaEntry | undefined => {
  try {
    return decode(JSON.parse(text))
  } catch {
    return undefined
  }
}
const decode = Schema.decodeUnknownSync(MetaEntry)

export const lsnText = hexLsn
export const lsnOf = (text: string): bigint => BigInt(`0x${text}`)
