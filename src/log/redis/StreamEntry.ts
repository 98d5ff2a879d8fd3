import { crc32 } from "node:zlib"
import { decodeChanges } from "../../domain/ChangeCodec.ts"
import { packedOf } from "../../domain/PackedChunk.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"

/** One entry's two fields, as docs/redis.md describes them. */
export interface StreamEntry {
  /** The transaction and which part of it this is. */
  readonly tx: string
  readonly changes: string
}

/** An entry to be, and what it takes, about: its text, not Redis' own overhead. */
export interface NewEntry extends StreamEntry {
  readonly bytes: number
}

interface Header {
  readonly seq: number
  readonly incarnation: number
  readonly xid: number
  readonly commit_lsn: string
  readonly end_lsn: string
  readonly commit_time: number
  readonly origin: string | null
  readonly count: number
  readonly first_ordinal: number
  readonly changes: number
  readonly last: boolean
  readonly wire_bytes: number
  readonly crc32: number
}

export const encodeEntry = (chunk: ArchivedChunk, onRelation: (relation: Relation) => void): NewEntry => {
  const { commit } = chunk
  const packed = packedOf(chunk)
  for (const relation of packed.relations) onRelation(relation)
  const changes = `[${packed.buffer.toString("utf8", packed.start, packed.end)}]`
  const header: Header = {
    seq: chunk.seq,
    incarnation: chunk.incarnation,
    xid: commit.xid,
    commit_lsn: commit.commitLsn.toString(16),
    end_lsn: commit.endLsn.toString(16),
    commit_time: commit.commitTime,
    origin: commit.origin,
    count: commit.count,
    first_ordinal: chunk.firstOrdinal,
    changes: packed.count,
    last: chunk.last,
    wire_bytes: chunk.bytes,
    crc32: crc32(changes)
  }
  const tx = JSON.stringify(header)
  return { tx, changes, bytes: tx.length + packed.end - packed.start + 2 }
}

/** A schema version that the reader has not seen yet. */
export class UnknownRelation extends Error {}

/**
 * The inverse of `encodeEntry`. Throws UnknownRelation, or any other error for fields that were not written by it:
 * the checksum vouches for the text, so its shape needs no second look.
 */
export const decodeEntry = (
  fields: ReadonlyArray<string>,
  relationOf: (fingerprint: string) => Relation | undefined
): ArchivedChunk => {
  const [txName, tx, changesName, text] = fields
  if (txName !== "tx" || tx === undefined || changesName !== "changes" || text === undefined) {
    throw new SyntaxError("not an entry of this stream")
  }
  // Checked right below, as far as anything here relies on it.
  const header = JSON.parse(tx) as Header
  if (crc32(text) !== header.crc32) throw new SyntaxError("the checksum does not fit")
  const changes = decodeChanges(text.slice(1, -1), (fingerprint) => {
    const relation = relationOf(fingerprint)
    if (relation === undefined) throw new UnknownRelation(fingerprint)
    return relation
  })
  if (changes.length === 0 || changes.length !== header.changes)
    throw new SyntaxError("the count does not fit")
  return {
    seq: header.seq,
    incarnation: header.incarnation,
    commit: {
      xid: header.xid,
      commitLsn: BigInt(`0x${header.commit_lsn}`),
      endLsn: BigInt(`0x${header.end_lsn}`),
      commitTime: header.commit_time,
      origin: header.origin,
      count: header.count
    },
    firstOrdinal: header.first_ordinal,
    changes,
    last: header.last,
    bytes: header.wire_bytes
  }
}
