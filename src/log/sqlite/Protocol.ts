import type { Incarnation, Mark } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import type { Position } from "../../domain/Position.ts"
import type { LogErrorReason } from "../LogError.ts"
import type { LastStored } from "../Tail.ts"
import type { Segment } from "./Segment.ts"

/*
 * What the service and its two threads say to each other: one request, one answer, both plain values that a
 * structured clone copies.
 */

/** How a thread opens the file. */
export interface ThreadOptions {
  readonly role: "writer" | "reader"
  readonly file: string
  readonly source: string
  /** A bound on the file's size in bytes, beyond which appends fail as on a full disk. */
  readonly maxFileBytes: number | null
  readonly compress: boolean
}

/** A schema version as it is kept beside the log. */
export interface StoredRelation {
  readonly fingerprint: string
  readonly json: string
}

/** A segment's place and heads, without its text. */
export type SegmentHeads = Pick<
  Segment,
  | "firstSeq"
  | "firstOrdinal"
  | "lastSeq"
  | "lastOrdinal"
  | "complete"
  | "incarnation"
  | "baseTime"
  | "topTime"
  | "heads"
>

/** Everything about a file that its service keeps in mind. */
export interface Recovered {
  readonly mark: Mark | null
  readonly incarnations: ReadonlyArray<Incarnation>
  readonly relations: ReadonlyArray<StoredRelation>
  readonly first: SegmentHeads | null
  readonly last: SegmentHeads | null
  /** The log time of the last whole transaction; null when it is not known (any more). */
  readonly visibleTop: Micros | null
  /** Null for a log that begins with transaction 1. */
  readonly base: LogBase | null
}

/** Where a log begins that continues another one: a local log beside an archive. */
export interface LogBase {
  /** Its name, the same for the file's whole life. */
  readonly id: string
  /** The end of the log that it continues; its transaction may be incomplete. */
  readonly last: LastStored
}

/** A log's new beginning, with what has to be known of the one that it continues. */
export interface BeginAt extends LogBase {
  readonly mark: Mark | null
  readonly incarnations: ReadonlyArray<Incarnation>
}

export interface AppendRequest {
  readonly segments: ReadonlyArray<Segment>
  readonly relations: ReadonlyArray<StoredRelation>
}

export interface PruneRequest {
  /** Segments all of whose commits are older may go; null for no bound on age. */
  readonly before: Micros | null
  /** How many stored bytes may stay; null for no bound on size. */
  readonly maxBytes: number | null
  /** Only what ends below this seq may go. */
  readonly belowSeq: number
  /** All that ends below it goes, and nothing else. */
  readonly untilSeq?: number
}

export interface Pruned {
  readonly segments: number
  /** Whether there is more to remove: it goes in small bites, so that appends are not held up. */
  readonly more: boolean
  readonly first: SegmentHeads | null
}

/** Calls of the writing thread. */
export interface WriterCalls {
  readonly recover: (request: null) => Recovered
  readonly append: (request: AppendRequest) => null
  readonly writeMark: (mark: Mark) => null
  /** Drops what is stored of an unfinished transaction: a new life does not finish the old one's. */
  readonly beginIncarnation: (incarnation: Incarnation) => Recovered
  readonly prune: (request: PruneRequest) => Pruned
  /** Forgets everything and continues another log from there. */
  readonly beginAt: (begin: BeginAt) => Recovered
}

export interface PageRequest {
  readonly from: Position
  /** Exclusive. */
  readonly untilSeq: number
  /** About how many bytes of text a page may have. */
  readonly bytes: number
  /** Id of the segment after which `from` is expected: saves a search. */
  readonly after: number | null
}

export interface PageRow {
  readonly id: number
  readonly incarnation: number
  readonly heads: Uint8Array
  readonly text: string
}

export interface StretchVolume {
  readonly changes: number
  readonly bytes: number
}

/** Calls of the reading thread. */
export interface ReaderCalls {
  /** Segments in order from the one that holds `from` (or the next after it). */
  readonly page: (request: PageRequest) => ReadonlyArray<PageRow>
  /** Heads only, from the segment that holds the seq. */
  readonly heads: (request: {
    readonly fromSeq: number
    readonly limit: number
  }) => ReadonlyArray<SegmentHeads>
  /** The first seq from `fromSeq` on with a log time at or after it; null when there is none. */
  readonly seqAtTime: (request: { readonly time: Micros; readonly fromSeq: number }) => number | null
  /** The same by LSN (as `hexLsn`) within one incarnation. */
  readonly seqAtLsn: (request: {
    readonly lsn: string
    readonly incarnation: number
    readonly fromSeq: number
  }) => number | null
  readonly volume: (request: { readonly start: number; readonly end: number }) => StretchVolume
}

/** What a thread answers. The first message of a thread, with id 0, says whether it could open the file. */
export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly reason: LogErrorReason }
