import type { DatabaseSync } from "node:sqlite"
import type { ChunkHead } from "../ChunkHeads.ts"
import { decodeHeads } from "../ChunkHeads.ts"
import type { PageRequest, PageRow, ReaderCalls, SegmentHeads, StretchVolume } from "./Protocol.ts"
import { headsOf, type SegmentRow, SegmentTable, textOfBody } from "./SegmentTable.ts"

/** The reading thread's answers. Each sees one state of the file. */
export class SqliteReader implements ReaderCalls {
  readonly #db: DatabaseSync
  readonly #segments: SegmentTable

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#segments = new SegmentTable(db)
  }

  #snapshot<A>(read: () => A): A {
    this.#db.exec("BEGIN")
    try {
      return read()
    } finally {
      this.#db.exec("COMMIT")
    }
  }

  #holding(seq: number): SegmentRow | undefined {
    return this.#segments.search((row) => row.lastSeq >= seq)
  }

  #start(request: PageRequest): number | undefined {
    const { seq, ordinal } = request.from
    if (request.after !== null) {
      const next = this.#segments.row(request.after + 1)
      if (next?.firstSeq === seq && next.firstOrdinal === ordinal) return next.id
    }
    // Within a transaction from the change before: it proves that nothing was removed between.
    const proof = Math.max(0, ordinal - 1)
    return this.#segments.search(
      (row) => row.lastSeq > seq || (row.lastSeq === seq && row.lastOrdinal >= proof)
    )?.id
  }

  page(request: PageRequest): ReadonlyArray<PageRow> {
    return this.#snapshot(() => {
      const start = this.#start(request)
      const rows: Array<PageRow> = []
      if (start === undefined) return rows
      let size = 0
      for (const whole of this.#segments.from(start)) {
        if (whole.row.firstSeq >= request.untilSeq) break
        const text = textOfBody(whole)
        rows.push({ id: whole.row.id, incarnation: whole.row.incarnation, heads: whole.heads, text })
        size += text.length
        if (size >= request.bytes) break
      }
      return rows
    })
  }

  heads({ fromSeq, limit }: { fromSeq: number; limit: number }): ReadonlyArray<SegmentHeads> {
    return this.#snapshot(() => {
      const found: Array<SegmentHeads> = []
      const start = this.#holding(fromSeq)
      if (start === undefined) return found
      for (const whole of this.#segments.from(start.id)) {
        found.push(headsOf(whole))
        if (found.length >= limit) break
      }
      return found
    })
  }

  #heads(id: number): ReadonlyArray<ChunkHead> {
    const whole = this.#segments.whole(id)
    return whole === undefined ? [] : decodeHeads(whole.heads)
  }

  seqAtTime({ time, fromSeq }: { time: number; fromSeq: number }): number | null {
    return this.#snapshot(() => {
      const row = this.#segments.search((r) => r.lastSeq >= fromSeq && r.topTime >= time)
      if (row === undefined) return null
      let reached = row.baseTime
      for (const { seq, commit } of this.#heads(row.id)) {
        reached = Math.max(reached, commit.commitTime)
        if (seq >= fromSeq && reached >= time) return seq
      }
      return null
    })
  }

  seqAtLsn(request: { lsn: string; incarnation: number; fromSeq: number }): number | null {
    return this.#snapshot(() => {
      const { lsn, incarnation, fromSeq } = request
      const row = this.#segments.search(
        (r) => r.incarnation === incarnation && r.lastSeq >= fromSeq && r.lastLsn >= lsn
      )
      if (row === undefined) return null
      const wanted = BigInt(`0x${lsn}`)
      return this.#heads(row.id).find((h) => h.seq >= fromSeq && h.commit.commitLsn >= wanted)?.seq ?? null
    })
  }

  /** What is stored before the transaction, from the log's beginning. */
  #before(seq: number): StretchVolume {
    const row = this.#holding(seq)
    if (row === undefined) {
      const edges = this.#segments.edges()
      const last = edges === undefined ? undefined : this.#segments.row(edges.last)
      return { changes: last?.totalChanges ?? 0, bytes: last?.totalBytes ?? 0 }
    }
    let changes = row.totalChanges - row.changes
    let bytes = row.totalBytes - row.bytes
    if (row.firstSeq < seq) {
      for (const head of this.#heads(row.id)) {
        if (head.seq >= seq) break
        changes += head.changes
        bytes += head.bytes
      }
    }
    return { changes, bytes }
  }

  volume({ start, end }: { start: number; end: number }): StretchVolume {
    return this.#snapshot(() => {
      const from = this.#before(start)
      const until = this.#before(end)
      return { changes: until.changes - from.changes, bytes: until.bytes - from.bytes }
    })
  }
}
