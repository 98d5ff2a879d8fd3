import { crc32 } from "node:zlib"
import { decodeChanges } from "../../domain/ChangeCodec.ts"
import type { PackedChanges } from "../../domain/PackedChanges.ts"
import { packedOf } from "../../domain/PackedChunk.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"

/** One entry's two fields, as docs/redis.md describes them. */
export interface StreamEntry {
  /** The transaction and which part of it this is. */
  readonly tx: string
  /** Text; where it is long, as its bytes in UTF-8. */
  readonly changes: string | Buffer
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

const [bracketOpen, bracketShut] = [0x5b, 0x5d]

/** From here on, in bytes, the client moves a buffer faster than a string. */
const long = 2 * 1024

const textOf = ({ buffer, start, end }: PackedChanges): string | Buffer => {
  if (end - start < long) return `[${buffer.toString("utf8", start, end)}]`
  const text = Buffer.allocUnsafeSlow(end - start + 2)
  text[0] = bracketOpen
  buffer.copy(text, 1, start, end)
  text[text.length - 1] = bracketShut
  return text
}

/** By hand: transactions of one row make it a hot path. */
const headerText = (chunk: ArchivedChunk, changes: number, crc: number): string => {
  const { commit } = chunk
  const origin = commit.origin === null ? "null" : JSON.stringify(commit.origin)
  return `{"seq":${chunk.seq},"incarnation":${chunk.incarnation},"xid":${commit.xid},"commit_lsn":"${commit.commitLsn.toString(16)}","end_lsn":"${commit.endLsn.toString(16)}","commit_time":${commit.commitTime},"origin":${origin},"count":${commit.count},"first_ordinal":${chunk.firstOrdinal},"changes":${changes},"last":${chunk.last},"wire_bytes":${chunk.bytes},"crc32":${crc}}`
}

export const encodeEntry = (chunk: ArchivedChunk, onRelation: (relation: Relation) => void): NewEntry => {
  const packed = packedOf(chunk)
  for (const relation of packed.relations) onRelation(relation)
  const changes = textOf(packed)
  const tx = headerText(chunk, packed.count, crc32(changes))
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
