import type { Incarnation, Mark } from "../../domain/Log.ts"
import { makeRelation, type Relation } from "../../domain/Relation.ts"
import type { Commit } from "../../domain/Transaction.ts"
import { lsnOf, lsnText, type MetaEntry, type PlaceEntry } from "./MetaEntries.ts"
import type { Place } from "./Place.ts"

/* The log's values as entries of the meta topic, and back. */

type Entry<Tag extends MetaEntry["_tag"]> = Extract<MetaEntry, { readonly _tag: Tag }>

const commitEntry = ({ xid, commitLsn, endLsn, commitTime, origin, count }: Commit) => ({
  xid,
  commit_lsn: lsnText(commitLsn),
  end_lsn: lsnText(endLsn),
  commit_time: commitTime,
  origin,
  count
})

const placeEntry = ({ seq, last, offsets, changes, bytes }: Place): PlaceEntry => ({
  seq,
  last:
    last === null
      ? null
      : {
          incarnation: last.incarnation,
          commit: commitEntry(last.commit),
          log_time: last.logTime,
          bytes: last.bytes
        },
  offsets,
  changes,
  bytes
})

export const toPlace = ({ seq, last, offsets, changes, bytes }: PlaceEntry): Place => ({
  seq,
  last:
    last === null
      ? null
      : {
          seq,
          incarnation: last.incarnation,
          commit: {
            xid: last.commit.xid,
            commitLsn: lsnOf(last.commit.commit_lsn),
            endLsn: lsnOf(last.commit.end_lsn),
            commitTime: last.commit.commit_time,
            origin: last.commit.origin,
            count: last.commit.count
          },
          logTime: last.log_time,
          bytes: last.bytes
        },
  offsets,
  changes,
  bytes
})

export const fromPlace = (place: Place): MetaEntry => ({ _tag: "place", place: placeEntry(place) })

export const fromMark = (mark: Mark, place: Place): MetaEntry => ({
  _tag: "mark",
  seq: mark.seq,
  commit_lsn: lsnText(mark.commitLsn),
  end_lsn: lsnText(mark.endLsn),
  partitions: mark.partitions,
  coverage_time: mark.coverageTime,
  incarnation: mark.incarnation,
  place: placeEntry(place),
  ...(mark.spill === undefined ? {} : { spill: mark.spill })
})

export const toMark = (entry: Entry<"mark">): Mark => ({
  seq: entry.seq,
  commitLsn: lsnOf(entry.commit_lsn),
  endLsn: lsnOf(entry.end_lsn),
  partitions: entry.partitions,
  coverageTime: entry.coverage_time,
  incarnation: entry.incarnation,
  ...(entry.spill === undefined ? {} : { spill: entry.spill })
})

export const fromIncarnation = (incarnation: Incarnation): MetaEntry => ({
  _tag: "incarnation",
  number: incarnation.number,
  system_identifier: incarnation.systemIdentifier,
  timeline: incarnation.timeline,
  database: incarnation.database,
  slot: incarnation.slot,
  first_seq: incarnation.firstSeq,
  start_lsn: lsnText(incarnation.startLsn),
  gap: incarnation.gap,
  ...(incarnation.reusesNumbers === true ? { reuses_numbers: true } : {})
})

export const toIncarnation = (entry: Entry<"incarnation">): Incarnation => ({
  number: entry.number,
  systemIdentifier: entry.system_identifier,
  timeline: entry.timeline,
  database: entry.database,
  slot: entry.slot,
  firstSeq: entry.first_seq,
  startLsn: lsnOf(entry.start_lsn),
  gap: entry.gap,
  ...(entry.reuses_numbers === true ? { reusesNumbers: true } : {})
})

export const fromRelation = (relation: Relation): MetaEntry => ({ _tag: "relation", ...relation })

/** Undefined when it does not match its fingerprint. */
export const toRelation = (entry: Entry<"relation">): Relation | undefined => {
  const { schema, name, identity, columns } = entry
  const relation = makeRelation({ schema, name, identity, columns })
  return relation.fingerprint === entry.fingerprint ? relation : undefined
}
