import { type ArchivedChunk, type Commit, changeCount } from "../domain/Transaction.ts"
import { VarintReader, VarintWriter } from "./Varints.ts"

/** A chunk without its changes. */
export interface ChunkHead {
  readonly seq: number
  readonly commit: Commit
  readonly firstOrdinal: number
  readonly changes: number
  readonly last: boolean
  readonly bytes: number
}

const noOrigin = 0
const sameOrigin = 1
const newOrigin = 2

/**
 * The heads of chunks that follow each other without a gap, in about 15 bytes a transaction: positions are told
 * once, what belongs to a commit is told at its first chunk, as the difference from the commit before.
 */
export const encodeHeads = (chunks: ReadonlyArray<ArchivedChunk>): Uint8Array<ArrayBuffer> => {
  const out = new VarintWriter()
  let previous: Commit | undefined
  let origin: string | null = null
  let fresh = true
  for (const chunk of chunks) {
    const { commit } = chunk
    if (previous === undefined) {
      out.natural(chunk.seq)
      out.natural(chunk.firstOrdinal)
    }
    if (fresh) {
      out.natural(commit.xid)
      out.lsn(commit.commitLsn, previous?.commitLsn ?? 0n)
      out.lsn(commit.endLsn, commit.commitLsn)
      out.integer(commit.commitTime - (previous?.commitTime ?? 0))
      out.natural(commit.count)
      if (commit.origin === null) out.natural(noOrigin)
      else if (commit.origin === origin) out.natural(sameOrigin)
      else {
        out.natural(newOrigin)
        out.text(commit.origin)
        origin = commit.origin
      }
    }
    out.natural(changeCount(chunk) * 2 + (chunk.last ? 1 : 0))
    out.natural(chunk.bytes)
    previous = commit
    fresh = chunk.last
  }
  return out.finish()
}

/** The inverse. Throws a RangeError when the bytes end early. */
export const decodeHeads = (bytes: Uint8Array): ReadonlyArray<ChunkHead> => {
  const input = new VarintReader(bytes)
  const heads: Array<ChunkHead> = []
  let seq = input.natural()
  let firstOrdinal = input.natural()
  let commit: Commit | undefined
  let origin: string | null = null
  let fresh = true
  while (!input.done) {
    if (fresh || commit === undefined) {
      const xid = input.natural()
      const commitLsn = input.lsn(commit?.commitLsn ?? 0n)
      const endLsn = input.lsn(commitLsn)
      const commitTime = (commit?.commitTime ?? 0) + input.integer()
      const count = input.natural()
      const kind = input.natural()
      if (kind === newOrigin) origin = input.text()
      commit = { xid, commitLsn, endLsn, commitTime, origin: kind === noOrigin ? null : origin, count }
    }
    const packed = input.natural()
    const changes = Math.floor(packed / 2)
    fresh = packed % 2 === 1
    heads.push({ seq, commit, firstOrdinal, changes, last: fresh, bytes: input.natural() })
    seq = fresh ? seq + 1 : seq
    firstOrdinal = fresh ? 0 : firstOrdinal + changes
  }
  return heads
}
