import { constants, zstdCompressSync } from "node:zlib"
import { compressionsAlgorithms, crc32c } from "@platformatic/kafka"
import type { BufferPool } from "./BufferPool.ts"

export type Compression = "none" | "lz4" | "snappy" | "zstd"

/** A record's key, and its value right behind it; `end` is null where a compacted topic is to forget the key. */
export interface RecordBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly keyEnd: number
  readonly end: number | null
}

/** One header of a record. */
export interface RecordHeader {
  readonly key: Buffer
  readonly value: Buffer
}

/** Who writes, and how many records to the partition came from him before. */
export interface BatchOrigin {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequence: number
}

/* Kafka's record batch, version 2. Where its fields lie: */
const lengthAt = 8
const leaderEpochAt = 12
const magicAt = 16
const crcAt = 17
const attributesAt = 21
const lastOffsetDeltaAt = 23
const firstTimestampAt = 27
const maxTimestampAt = 35
const producerIdAt = 43
const producerEpochAt = 51
const sequenceAt = 53
const countAt = 57
const recordsAt = 61

/** The level that costs about what lz4 does; the usual one, 3, costs more and gains nothing with such records. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const magic = 2
const noAttributes = 0
/** Bytes of a record's own length at most. */
const mostLength = 5

/** Zigzag: small numbers of either sign become small ones. Beyond 32 bits too, hence no shifts. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

/** Bytes that a zigzagged number takes. */
const sizeOf = (value: number): number => {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** The records of one partition, written as the broker takes them. */
export class RecordBatch {
  readonly #pool: BufferPool
  readonly #compression: Compression
  /** The records, behind room for what describes them. */
  #bytes: Buffer
  #at = recordsAt
  #count = 0
  #firstTimestamp = 0
  #maxTimestamp = 0
  #isClosed = false

  constructor(pool: BufferPool, compression: Compression) {
    this.#pool = pool
    this.#compression = compression
    this.#bytes = pool.take(recordsAt)
  }

  get count(): number {
    return this.#count
  }

  /** The timestamp is in milliseconds. */
  append(timestamp: number, { bytes, start, keyEnd, end }: RecordBytes, header?: RecordHeader): void {
    if (this.#count === 0) this.#firstTimestamp = timestamp
    this.#maxTimestamp = this.#count === 0 ? timestamp : Math.max(this.#maxTimestamp, timestamp)
    const time = zigzag(timestamp - this.#firstTimestamp)
    const place = zigzag(this.#count)
    const keyLength = zigzag(keyEnd - start)
    const valueLength = zigzag(end === null ? -1 : end - keyEnd)
    const lengths = sizeOf(time) + sizeOf(place) + sizeOf(keyLength) + sizeOf(valueLength)
    const size = 1 + lengths + (end ?? keyEnd) - start + headerSize(header)
    this.#room(size + mostLength)
    this.#varint(zigzag(size))
    this.#bytes[this.#at++] = noAttributes
    this.#varint(time)
    this.#varint(place)
    this.#varint(keyLength)
    this.#copy(bytes, start, keyEnd)
    this.#varint(valueLength)
    this.#copy(bytes, keyEnd, end ?? keyEnd)
    this.#header(header)
    this.#count++
  }

  /** Nothing more comes: what is there is compressed. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#compression === "none") return
    const plain = this.#bytes.subarray(recordsAt, this.#at)
    const records =
      this.#compression === "zstd"
        ? zstdCompressSync(plain, zstdOptions)
        : compressionsAlgorithms[this.#compression].compressSync(plain)
    const bytes = this.#pool.take(recordsAt + records.length)
    records.copy(bytes, recordsAt)
    this.#pool.give(this.#bytes)
    this.#bytes = bytes
    this.#at = recordsAt + records.length
  }

  /** The whole batch, once it has its numbers. */
  seal({ producerId, producerEpoch, sequence }: BatchOrigin): Buffer {
    this.close()
    const bytes = this.#bytes.subarray(0, this.#at)
    bytes.fill(0, 0, lengthAt)
    bytes.writeInt32BE(bytes.length - leaderEpochAt, lengthAt)
    bytes.writeInt32BE(-1, leaderEpochAt)
    bytes.writeInt8(magic, magicAt)
    bytes.writeInt16BE(compressionsAlgorithms[this.#compression].bitmask, attributesAt)
    bytes.writeInt32BE(this.#count - 1, lastOffsetDeltaAt)
    bytes.writeBigInt64BE(BigInt(this.#firstTimestamp), firstTimestampAt)
    bytes.writeBigInt64BE(BigInt(this.#maxTimestamp), maxTimestampAt)
    bytes.writeBigInt64BE(producerId, producerIdAt)
    bytes.writeInt16BE(producerEpoch, producerEpochAt)
    bytes.writeInt32BE(sequence, sequenceAt)
    bytes.writeInt32BE(this.#count, countAt)
    bytes.writeUInt32BE(crc32c(bytes.subarray(attributesAt)), crcAt)
    return bytes
  }

  /** The broker has it: what it was written in may be used again, and the batch is of no more use. */
  release(): void {
    this.#pool.give(this.#bytes)
  }

  #room(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const larger = this.#pool.take(Math.max(this.#bytes.length * 2, this.#at + size))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#pool.give(this.#bytes)
    this.#bytes = larger
  }

  #copy(from: Buffer, start: number, end: number): void {
    if (end > start) from.copy(this.#bytes, this.#at, start, end)
    this.#at += end - start
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) + 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at++] = rest
  }

  #header(header: RecordHeader | undefined): void {
    this.#varint(zigzag(header === undefined ? 0 : 1))
    if (header === undefined) return
    for (const piece of [header.key, header.value]) {
      this.#varint(zigzag(piece.length))
      this.#copy(piece, 0, piece.length)
    }
  }
}

const headerSize = (header: RecordHeader | undefined): number => {
  if (header === undefined) return 1
  const { key, value } = header
  return 1 + sizeOf(zigzag(key.length)) + key.length + sizeOf(zigzag(value.length)) + value.length
}
