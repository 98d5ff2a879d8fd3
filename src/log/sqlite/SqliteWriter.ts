import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { Incarnation, Mark } from "../../domain/Log.ts"
import { continuesBase, readBase, writeBase } from "./LogBase.ts"
import type {
  AppendRequest,
  BeginAt,
  Pruned,
  PruneRequest,
  Recovered,
  SegmentHeads,
  WriterCalls
} from "./Protocol.ts"
import { readRenumberings, writeRenumbering } from "./Renumberings.ts"
import { checkedRow, integerOf, type Row, rowChecksum, textOf } from "./Row.ts"
import type { Segment } from "./Segment.ts"
import { checksum, headsOf, type SegmentRow, SegmentTable } from "./SegmentTable.ts"
import { pragma } from "./SqliteFile.ts"
import { compressText } from "./Zstd.ts"

/** Each compression costs about 60 us to set up: below this it costs more than the little it saves. */
const worthCompressing = 8 * 1024
/** Freed pages are used again; when they are more than this and a quarter of the file, some are given back. */
const keptFreePages = 1024
/** How many pages one prune gives back at most. */
const freedPages = 1024
/** How many segments one prune removes at most: a bite that an append can wait for. */
const bite = 16

const toMark = (row: Row): Mark => ({
  seq: integerOf(row, "seq"),
  commitLsn: BigInt(textOf(row, "commit_lsn")),
  endLsn: BigInt(textOf(row, "end_lsn")),
  partitions: integerOf(row, "partitions"),
  coverageTime: integerOf(row, "coverage_time"),
  incarnation: integerOf(row, "incarnation")
})

const toIncarnation = (row: Row, renumberings: ReadonlySet<number>): Incarnation => ({
  number: integerOf(row, "number"),
  systemIdentifier: textOf(row, "system_identifier"),
  timeline: integerOf(row, "timeline"),
  database: textOf(row, "database"),
  slot: textOf(row, "slot"),
  firstSeq: integerOf(row, "first_seq"),
  startLsn: BigInt(textOf(row, "start_lsn")),
  gap: row["gap"] === null ? null : textOf(row, "gap"),
  ...(renumberings.has(integerOf(row, "number")) ? { reusesNumbers: true } : {})
})

/** Where the sums stand. */
type Totals = Pick<SegmentRow, "id" | "totalChanges" | "totalBytes" | "totalStored">

const nothing: Totals = { id: 0, totalChanges: 0, totalBytes: 0, totalStored: 0 }

/** The writing thread's answers. Each is one transaction of the file: all of it, or nothing. */
export class SqliteWriter implements WriterCalls {
  readonly #db: DatabaseSync
  readonly #compress: boolean
  readonly #segments: SegmentTable
  readonly #insert: StatementSync
  readonly #insertRelation: StatementSync
  readonly #insertMark: StatementSync
  readonly #insertIncarnation: StatementSync
  readonly #delete: StatementSync
  #totals: Totals | null = null

  constructor(db: DatabaseSync, compress: boolean) {
    this.#db = db
    this.#compress = compress
    this.#segments = new SegmentTable(db)
    this.#insert = db.prepare(
      "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    this.#insertRelation = db.prepare("INSERT OR IGNORE INTO relation VALUES (?, ?)")
    this.#insertMark = db.prepare("INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    this.#insertIncarnation = db.prepare("INSERT INTO incarnation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    this.#delete = db.prepare("DELETE FROM segment WHERE id = ?")
  }

  #commit<A>(write: () => A): A {
    // Only when the rollback of a failed one has failed too.
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK")
    this.#db.exec("BEGIN IMMEDIATE")
    try {
      const result = write()
      this.#db.exec("COMMIT")
      return result
    } catch (thrown) {
      // SQLite rolls back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK")
      throw thrown
    }
  }

  recover(): Recovered {
    const mark = this.#db.prepare("SELECT * FROM mark").get()
    const renumberings = readRenumberings(this.#db)
    const edges = this.#segments.edges()
    const last = edges === undefined ? undefined : this.#segments.whole(edges.last)
    return {
      mark: mark === undefined ? null : toMark(checkedRow(mark)),
      incarnations: this.#db
        .prepare("SELECT * FROM incarnation ORDER BY number")
        .all()
        .map((row) => toIncarnation(checkedRow(row), renumberings)),
      relations: this.#db
        .prepare("SELECT fingerprint, json FROM relation")
        .all()
        .map((row) => ({ fingerprint: textOf(row, "fingerprint"), json: textOf(row, "json") })),
      first: this.#first(),
      last: last === undefined ? null : headsOf(last),
      visibleTop: last === undefined ? null : this.#visibleTop(last.row),
      base: readBase(this.#db)
    }
  }

  /** The first segment, or the first one in which a transaction begins after one whose beginning was removed. */
  #first(): SegmentHeads | null {
    const edges = this.#segments.edges()
    const first = edges === undefined ? undefined : this.#segments.row(edges.first)
    if (first === undefined) return null
    const isWhole = first.firstOrdinal === 0 || continuesBase(first, readBase(this.#db))
    const begins = isWhole ? undefined : this.#segments.search((row) => row.lastSeq > first.firstSeq)
    const whole = this.#segments.whole(begins?.id ?? first.id)
    return whole === undefined ? null : headsOf(whole)
  }

  /** An unfinished transaction has segments of its own: the time is that of the segment before them. */
  #visibleTop(last: SegmentRow): number | null {
    if (last.complete) return last.topTime
    const begins = this.#segments.search((row) => row.lastSeq >= last.lastSeq)
    return begins === undefined ? null : (this.#segments.row(begins.id - 1)?.topTime ?? null)
  }

  /** Kept in mind from append to append. */
  #lastTotals(): Totals {
    if (this.#totals !== null) return this.#totals
    const edges = this.#segments.edges()
    return (edges === undefined ? undefined : this.#segments.row(edges.last)) ?? nothing
  }

  #store(segment: Segment, before: Totals): Totals {
    const { text } = segment
    const compress = this.#compress && text.length >= worthCompressing
    const body = compress ? compressText(text) : text
    const row: SegmentRow = {
      id: before.id + 1,
      firstSeq: segment.firstSeq,
      firstOrdinal: segment.firstOrdinal,
      lastSeq: segment.lastSeq,
      lastOrdinal: segment.lastOrdinal,
      complete: segment.complete,
      incarnation: segment.incarnation,
      changes: segment.changes,
      bytes: segment.bytes,
      baseTime: segment.baseTime,
      maxTime: segment.maxTime,
      topTime: segment.topTime,
      lastLsn: segment.lastLsn,
      totalChanges: before.totalChanges + segment.changes,
      totalBytes: before.totalBytes + segment.bytes,
      totalStored: before.totalStored + segment.heads.length + body.length,
      compression: compress ? 1 : 0
    }
    const values = Object.values({ ...row, complete: row.complete ? 1 : 0 })
    this.#insert.run(...values, checksum(row, segment.heads, body), segment.heads, body)
    return row
  }

  append(request: AppendRequest): null {
    let totals = this.#lastTotals()
    this.#totals = null
    this.#commit(() => {
      for (const { fingerprint, json } of request.relations) this.#insertRelation.run(fingerprint, json)
      for (const segment of request.segments) totals = this.#store(segment, totals)
    })
    this.#totals = totals
    // They were given to this thread, which makes too little garbage to collect them soon.
    for (const { text } of request.segments) if (!text.buffer.detached) text.buffer.transfer(0)
    return null
  }

  writeMark(mark: Mark): null {
    return this.#commit(() => {
      this.#putMark(mark)
      return null
    })
  }

  #putMark(mark: Mark): void {
    const values = [
      1,
      mark.seq,
      String(mark.commitLsn),
      String(mark.endLsn),
      mark.partitions,
      mark.coverageTime,
      mark.incarnation
    ]
    this.#insertMark.run(...values, rowChecksum(values))
  }

  beginIncarnation(incarnation: Incarnation): Recovered {
    this.#totals = null
    return this.#commit(() => {
      this.#db.prepare("DELETE FROM segment WHERE last_seq >= ?").run(incarnation.firstSeq)
      this.#putIncarnation(incarnation)
      return this.recover()
    })
  }

  #putIncarnation(incarnation: Incarnation): void {
    const values = [
      incarnation.number,
      incarnation.systemIdentifier,
      incarnation.timeline,
      incarnation.database,
      incarnation.slot,
      incarnation.firstSeq,
      String(incarnation.startLsn),
      incarnation.gap
    ]
    this.#insertIncarnation.run(...values, rowChecksum(values))
    if (incarnation.reusesNumbers === true) writeRenumbering(this.#db, incarnation.number)
  }

  beginAt({ id, last, mark, incarnations }: BeginAt): Recovered {
    this.#totals = null
    return this.#commit(() => {
      this.#db.exec("DELETE FROM segment; DELETE FROM incarnation; DELETE FROM mark")
      this.#db.exec("DROP TABLE IF EXISTS renumbering")
      writeBase(this.#db, { id, last })
      for (const incarnation of incarnations) this.#putIncarnation(incarnation)
      if (mark !== null) this.#putMark(mark)
      return this.recover()
    })
  }

  prune(request: PruneRequest): Pruned {
    const pruned = this.#commit(() => {
      let segments = 0
      for (; segments < bite; segments++) {
        const id = this.#removable(request)
        if (id === undefined) break
        this.#delete.run(id)
      }
      return { segments, first: this.#first() }
    })
    return { ...pruned, more: pruned.segments === bite || this.#shrink() }
  }

  #shrink(): boolean {
    const free = pragma(this.#db, "freelist_count")
    if (free < keptFreePages || free * 4 < pragma(this.#db, "page_count")) return false
    this.#db.exec(`PRAGMA incremental_vacuum(${freedPages})`)
    return true
  }

  /** The first segment if it may go. The last whole one stays, so that the log's end is always known. */
  #removable(request: PruneRequest): number | undefined {
    const edges = this.#segments.edges()
    if (edges === undefined) return undefined
    const first = this.#segments.row(edges.first)
    const second = this.#segments.row(edges.first + 1)
    const last = this.#segments.row(edges.last)
    if (first === undefined || second === undefined || last === undefined) return undefined
    if (second.lastSeq >= request.belowSeq) return undefined
    if (request.untilSeq !== undefined) return first.lastSeq < request.untilSeq ? first.id : undefined
    const held = last.totalStored - first.totalStored
    const old = request.before !== null && first.maxTime < request.before
    const large = request.maxBytes !== null && held > request.maxBytes
    // The rest of a transaction whose beginning is gone goes with it.
    const rest = first.firstOrdinal > 0 && first.firstSeq === first.lastSeq
    return old || large || rest ? first.id : undefined
  }
}
