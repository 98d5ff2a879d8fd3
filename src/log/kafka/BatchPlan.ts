import { microsFromMillis } from "../../domain/Micros.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { endOrdinal } from "../ChunkSlice.ts"
import type { BufferPool } from "./BufferPool.ts"
import type { OpenTransaction } from "./LogState.ts"
import { type PartitionEpoch, partitionOf, partitionsFor, recordId } from "./Partitioner.ts"
import type { CommitRow } from "./Place.ts"
import { type Compression, RecordBatch, type RecordHeader } from "./RecordBatch.ts"
import type { EncodedRecord, RecordEncoder } from "./RecordEncoder.ts"
import { partHeader, partLabel, splitValue } from "./RecordParts.ts"

/** What goes to the broker at once. */
export interface Batch {
  /** By partition; none where there is nothing to send. */
  readonly parts: Array<RecordBatch | undefined>
  records: number
  /** Records per partition up to the end of the last transaction that ends in it; null when none does. */
  whole: Array<number> | null
  /** Transactions that end in it. */
  readonly rows: Array<CommitRow>
  /** The one that does not. */
  open: OpenTransaction | null
}

export interface PlanOptions {
  readonly encoder: RecordEncoder
  readonly pool: BufferPool
  readonly compression: Compression
  readonly epochs: ReadonlyArray<PartitionEpoch>
  /** How many bytes one partition takes at once, before compression. */
  readonly batchBytes: number
  /** Tells the parts of large records from those of other writers. */
  readonly writerId: string
  /** What is stored already, out of order. */
  readonly stored: ReadonlySet<string>
}

/** About how many bytes a send may have over all partitions, and how many records. */
const sendBytes = 4 * 1024 * 1024
const sendRecords = 2500
/** What the record format adds to key and value at most, headers included. */
const recordOverhead = 128
const partName = Buffer.from(partHeader)

const emptyBatch = (): Batch => ({ parts: [], records: 0, whole: null, rows: [], open: null })

/** Puts changes into batches, in the order of the log. A plain loop: no Effect for each change. */
export class BatchPlan {
  readonly #options: PlanOptions
  readonly #batches: Array<Batch> = [emptyBatch()]
  #partitionBytes: Array<number> = []
  #bytes = 0
  #open: OpenTransaction | null

  constructor(options: PlanOptions, open: OpenTransaction | null) {
    this.#options = options
    this.#open = open
  }

  /** Whether there is a batch to which nothing will be added. */
  get hasWhole(): boolean {
    return this.#batches.length > 1
  }

  /** The oldest; the last one only when all is added. */
  take(): Batch | undefined {
    return this.#batches.shift()
  }

  takeAll(): ReadonlyArray<Batch> {
    return this.#batches.splice(0)
  }

  /** The transaction that goes on behind what was added. */
  get open(): OpenTransaction | null {
    return this.#open
  }

  get #batch(): Batch {
    const batch = this.#batches.at(-1)
    if (batch === undefined) throw new Error("a plan has a batch")
    return batch
  }

  /** Room in one partition, else a new batch. */
  #reserve(partition: number, size: number): void {
    const taken = this.#partitionBytes[partition] ?? 0
    const { records } = this.#batch
    const full = taken + size > this.#options.batchBytes || this.#bytes + size > sendBytes
    if (records > 0 && (full || records >= sendRecords)) {
      this.#batches.push({ ...emptyBatch(), open: this.#open })
      this.#partitionBytes = []
      this.#bytes = 0
    }
    this.#partitionBytes[partition] = (this.#partitionBytes[partition] ?? 0) + size
    this.#bytes += size
  }

  #put(partition: number, timestamp: number, record: EncodedRecord, header?: RecordHeader): void {
    this.#reserve(partition, record.end - record.start + recordOverhead)
    const batch = this.#batch
    const part = batch.parts[partition] ?? new RecordBatch(this.#options.pool, this.#options.compression)
    batch.parts[partition] = part
    part.append(timestamp, record, header)
    batch.records++
  }

  #putRecord(partition: number, timestamp: number, record: EncodedRecord, id: string): void {
    const { batchBytes, writerId } = this.#options
    const { bytes, start, keyEnd, end, everywhere } = record
    const most = batchBytes - (keyEnd - start) - recordOverhead
    if (end - keyEnd <= most) {
      this.#put(partition, timestamp, record)
      return
    }
    const key = bytes.subarray(start, keyEnd)
    const parts = splitValue(bytes.subarray(keyEnd, end), most)
    for (const [i, part] of parts.entries()) {
      const label = Buffer.from(partLabel(i, parts.length, `${writerId}.${id}`))
      const piece = Buffer.concat([key, part])
      const made = { bytes: piece, start: 0, keyEnd: key.length, end: piece.length, everywhere }
      this.#put(partition, timestamp, made, { key: partName, value: label })
    }
  }

  #add(record: EncodedRecord, seq: number, ordinal: number, timestamp: number, partitions: number): void {
    const { stored } = this.#options
    const { bytes, start, keyEnd, everywhere } = record
    const first = everywhere ? 0 : partitionOf(bytes, start, keyEnd, partitions)
    const last = everywhere ? partitions - 1 : first
    for (let partition = first; partition <= last; partition++) {
      if (stored.size > 0 && stored.has(recordId({ seq, ordinal }, partition))) continue
      this.#putRecord(partition, timestamp, record, `${seq}.${ordinal}`)
    }
  }

  add(chunk: ArchivedChunk, logTime: number): void {
    const { seq, commit, incarnation, firstOrdinal } = chunk
    const partitions = partitionsFor(this.#options.epochs, seq)
    const timestamp = Math.floor(commit.commitTime / microsFromMillis(1))
    const before = this.#open?.row.seq === seq ? this.#open.row.bytes : 0
    const row = { seq, incarnation, commit, logTime, bytes: before }
    let ordinal = firstOrdinal
    this.#options.encoder.encode(chunk, logTime, (record) => {
      const batch = this.#batch
      row.bytes += record.end - record.keyEnd
      this.#add(record, seq, ordinal, timestamp, partitions)
      // A batch ends before the record that had no room in it.
      if (batch !== this.#batch) batch.open = this.#openAt(row, ordinal - 1) ?? batch.open
      ordinal++
    })
    const batch = this.#batch
    if (endOrdinal(chunk) < commit.count) {
      this.#open = this.#openAt(row, ordinal - 1)
      batch.open = this.#open
      return
    }
    this.#open = null
    batch.open = null
    batch.rows.push(row)
    batch.whole ??= []
    for (let i = 0; i < batch.parts.length; i++) batch.whole[i] = batch.parts[i]?.count ?? 0
  }

  #openAt(row: CommitRow, ordinal: number): OpenTransaction | null {
    return ordinal < 0 ? null : { row: { ...row }, ordinal }
  }
}
