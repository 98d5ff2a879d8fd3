import { decodeChanges } from "../../domain/ChangeCodec.ts"
import { ChangePacker } from "../../domain/ChangePacker.ts"
import { hexLsn } from "../../domain/Lsn.ts"
import type { Micros } from "../../domain/Micros.ts"
import { packedOf } from "../../domain/PackedChunk.ts"
import type { Relation } from "../../domain/Relation.ts"
import { type ArchivedChunk, changeCount } from "../../domain/Transaction.ts"
import { decodeHeads, encodeHeads } from "../ChunkHeads.ts"
import { endOrdinal, sliceChunk } from "../ChunkSlice.ts"

/**
 * A run of chunks that are stored as one row: many small transactions or a part of a big one, of one incarnation.
 * Times and LSNs are what searches go by.
 */
export interface Segment {
  readonly firstSeq: number
  readonly firstOrdinal: number
  readonly lastSeq: number
  readonly lastOrdinal: number
  /** Whether the last transaction ends here. */
  readonly complete: boolean
  readonly incarnation: number
  readonly changes: number
  readonly bytes: number
  /** The log time before its first chunk, with the coverage time that was known when it was appended. */
  readonly baseTime: Micros
  /** The greatest commit time in it. */
  readonly maxTime: Micros
  /** The log time at its end: never falls. */
  readonly topTime: Micros
  /** Of the last transaction, as `hexLsn`: never falls within an incarnation. */
  readonly lastLsn: string
  readonly heads: Uint8Array<ArrayBuffer>
  /** In UTF-8, in a buffer of its own. */
  readonly text: Uint8Array<ArrayBuffer>
}

/** A segment ends before it would be larger than this. */
export interface SegmentLimits {
  readonly changes: number
  readonly bytes: number
}

/** Large enough to compress well, small enough to read one for a single transaction in it. */
const segmentLimits: SegmentLimits = { changes: 1000, bytes: 512 * 1024 }

/** A chunk whose text could outgrow a string or a row is stored in so many parts. */
const partsOf = (chunk: ArchivedChunk, limits: SegmentLimits): number => {
  const count = changeCount(chunk)
  if (count <= limits.changes && chunk.bytes <= limits.bytes) return 1
  return Math.min(count, Math.max(Math.ceil(count / limits.changes), Math.ceil(chunk.bytes / limits.bytes)))
}

const split = (chunk: ArchivedChunk, parts: number): ReadonlyArray<ArchivedChunk> => {
  const size = Math.ceil(changeCount(chunk) / parts)
  const starts = Array.from({ length: Math.ceil(changeCount(chunk) / size) }, (_, i) => i * size)
  return starts.map((at) => sliceChunk(chunk, chunk.firstOrdinal + at, chunk.firstOrdinal + at + size))
}

const seal = (
  chunks: ReadonlyArray<ArchivedChunk>,
  baseTime: Micros,
  onRelation: (relation: Relation) => void
): Segment | undefined => {
  const first = chunks[0]
  const last = chunks.at(-1)
  if (first === undefined || last === undefined) return undefined
  const packer = new ChangePacker()
  let bytes = 0
  let maxTime = Number.MIN_SAFE_INTEGER
  for (const chunk of chunks) {
    packer.add(packedOf(chunk))
    bytes += chunk.bytes
    maxTime = Math.max(maxTime, chunk.commit.commitTime)
  }
  const changes = packer.finish()
  for (const relation of changes.relations) onRelation(relation)
  return {
    firstSeq: first.seq,
    firstOrdinal: first.firstOrdinal,
    lastSeq: last.seq,
    lastOrdinal: endOrdinal(last) - 1,
    complete: last.last,
    incarnation: first.incarnation,
    changes: changes.count,
    bytes,
    baseTime,
    maxTime,
    topTime: Math.max(baseTime, maxTime),
    lastLsn: hexLsn(last.commit.commitLsn),
    heads: encodeHeads(chunks),
    text: new Uint8Array(changes.text)
  }
}

/**
 * Cuts chunks that follow each other into segments. `baseTime` is the log time that they follow. A transaction that
 * does not end within the chunks starts a segment of its own, so that what is not visible can be dropped by rows.
 */
export const cutSegments = (
  chunks: ReadonlyArray<ArchivedChunk>,
  baseTime: Micros,
  onRelation: (relation: Relation) => void,
  limits: SegmentLimits = segmentLimits
): ReadonlyArray<Segment> => {
  const segments: Array<Segment> = []
  const end = chunks.at(-1)
  const unfinished = end === undefined || end.last ? undefined : end.seq
  let open: Array<ArchivedChunk> = []
  let changes = 0
  let bytes = 0
  let top = baseTime
  const close = () => {
    const segment = seal(open, top, onRelation)
    if (segment === undefined) return
    segments.push(segment)
    top = segment.topTime
    open = []
    changes = 0
    bytes = 0
  }
  const add = (chunk: ArchivedChunk) => {
    const count = changeCount(chunk)
    const full = changes + count > limits.changes || bytes + chunk.bytes > limits.bytes
    const apart = open[0]?.incarnation !== chunk.incarnation
    if (full || apart || (chunk.seq === unfinished && open.at(-1)?.seq !== unfinished)) close()
    open.push(chunk)
    changes += count
    bytes += chunk.bytes
  }
  for (const chunk of chunks) {
    const parts = partsOf(chunk, limits)
    if (parts === 1) add(chunk)
    else for (const part of split(chunk, parts)) add(part)
  }
  close()
  return segments
}

/**
 * The chunks of a segment. Throws a RangeError or a SyntaxError when heads and text do not belong together or a
 * schema version is unknown.
 */
export const openSegment = (
  segment: { readonly incarnation: number; readonly heads: Uint8Array; readonly text: string },
  relationOf: (fingerprint: string) => Relation | undefined
): ReadonlyArray<ArchivedChunk> => {
  const heads = decodeHeads(segment.heads)
  const changes = decodeChanges(segment.text, relationOf)
  let at = 0
  const chunks = heads.map((head): ArchivedChunk => {
    const end = at + head.changes
    const chunk = { ...head, incarnation: segment.incarnation, changes: changes.slice(at, end) }
    at = end
    return chunk
  })
  if (at !== changes.length) throw new RangeError(`${changes.length} changes under heads for ${at}`)
  return chunks
}
