import { microsFromMillis } from "../../domain/Micros.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { endOrdinal } from "../ChunkSlice.ts"
import type { OpenTransaction } from "./LogState.ts"
import { type PartitionEpoch, partitionOf, partitionsFor, recordId } from "./Partitioner.ts"
import type { CommitRow } from "./Place.ts"
import type { EncodedRecord, RecordEncoder } from "./RecordEncoder.ts"
import { partHeader, partLabel, splitValue } from "./RecordParts.ts"
import type { Message } from "./Sender.ts"

/** What goes to the broker at once. */
export interface Batch {
  readonly messages: Array<Message>
  /** Messages per partition. */
  readonly counts: Array<number>
  /** The same up to the end of the last transaction that ends in it; null when none does. */
  whole: ReadonlyArray<number> | null
  /** Transactions that end in it. */
  readonly rows: Array<CommitRow>
  /** The one that does not. */
  open: OpenTransaction | null
}

export interface PlanOptions {
  readonly topic: string
  readonly encoder: RecordEncoder
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
const sendRecords = 10_000
/** What the record format adds to key and value at most, headers included. */
const recordOverhead = 128
const partName = Buffer.from(partHeader)

const emptyBatch = (): Batch => ({ messages: [], counts: [], whole: null, rows: [], open: null })

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

  get batches(): ReadonlyArray<Batch> {
    return this.#batches
  }

  get #batch(): Batch {
    const batch = this.#batches.at(-1)
    if (batch === undefined) throw new Error("a plan has a batch")
    return batch
  }

  /** Room in one partition, else a new batch. */
  #reserve(partition: number, size: number): void {
    const taken = this.#partitionBytes[partition] ?? 0
    const { messages } = this.#batch
    const full = taken + size > this.#options.batchBytes || this.#bytes + size > sendBytes
    if (messages.length > 0 && (full || messages.length >= sendRecords)) {
      this.#batches.push({ ...emptyBatch(), open: this.#open })
      this.#partitionBytes = []
      this.#bytes = 0
    }
    this.#partitionBytes[partition] = (this.#partitionBytes[partition] ?? 0) + size
    this.#bytes += size
  }

  #put(message: Message): void {
    const { partition } = message
    this.#reserve(partition, message.key.length + (message.value?.length ?? 0) + recordOverhead)
    const { messages, counts } = this.#batch
    messages.push(message)
    counts[partition] = (counts[partition] ?? 0) + 1
  }

  #putRecord(partition: number, key: Buffer, value: Buffer, timestamp: bigint, id: string): void {
    const { topic, batchBytes, writerId } = this.#options
    const most = batchBytes - key.length - recordOverhead
    if (value.length <= most) {
      this.#put({ topic, partition, key, value, timestamp })
      return
    }
    const parts = splitValue(value, most)
    for (const [i, part] of parts.entries()) {
      const label = Buffer.from(partLabel(i, parts.length, `${writerId}.${id}`))
      this.#put({ topic, partition, key, value: part, timestamp, headers: new Map([[partName, label]]) })
    }
  }

  /** Gives the size of its value. */
  #add(record: EncodedRecord, seq: number, ordinal: number, timestamp: bigint, partitions: number): number {
    const { stored } = this.#options
    const key = Buffer.from(record.key)
    const value = Buffer.from(record.value)
    const first = record.everywhere ? 0 : partitionOf(record.key, partitions)
    const last = record.everywhere ? partitions - 1 : first
    for (let partition = first; partition <= last; partition++) {
      if (stored.size > 0 && stored.has(recordId({ seq, ordinal }, partition))) continue
      this.#putRecord(partition, key, value, timestamp, `${seq}.${ordinal}`)
    }
    return value.length
  }

  add(chunk: ArchivedChunk, logTime: number): void {
    const { seq, commit, incarnation, firstOrdinal } = chunk
    const partitions = partitionsFor(this.#options.epochs, seq)
    const timestamp = BigInt(Math.floor(commit.commitTime / microsFromMillis(1)))
    const before = this.#open?.row.seq === seq ? this.#open.row.bytes : 0
    const row = { seq, incarnation, commit, logTime, bytes: before }
    let ordinal = firstOrdinal
    for (const record of this.#options.encoder.encode(chunk, logTime)) {
      const batch = this.#batch
      row.bytes += this.#add(record, seq, ordinal, timestamp, partitions)
      // A batch ends before the record that had no room in it.
      if (batch !== this.#batch) batch.open = this.#openAt(row, ordinal - 1) ?? batch.open
      ordinal++
    }
    const batch = this.#batch
    if (endOrdinal(chunk) < commit.count) {
      this.#open = this.#openAt(row, ordinal - 1)
      batch.open = this.#open
      return
    }
    this.#open = null
    batch.open = null
    batch.rows.push({ ...row })
    batch.whole = [...batch.counts]
  }

  #openAt(row: CommitRow, ordinal: number): OpenTransaction | null {
    return ordinal < 0 ? null : { row: { ...row }, ordinal }
  }
}
