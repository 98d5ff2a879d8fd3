import type { FileHandle } from "node:fs/promises"
import { decodeChanges } from "../domain/ChangeCodec.ts"
import { packChanges } from "../domain/PackedChanges.ts"
import type { Relation } from "../domain/Relation.ts"
import type { TransactionChunk } from "../domain/Transaction.ts"
import type { ChunkCutter } from "./ChunkCutter.ts"
import type { Segment } from "./Segment.ts"

/** A record: its body's length, subtransaction, number of changes and bytes on the wire, 4 bytes each; then the changes as JSON. */
const headerBytes = 16
/** How much is gathered before it is written: the size of the scratch. */
export const scratchBytes = 1024 * 1024
/** How much is read at once; longer records are read whole. */
const readBytes = 256 * 1024

const putRecord = (into: Buffer, at: number, length: number, { subxid, changes, bytes }: Segment): void => {
  into.writeUInt32BE(length - headerBytes, at)
  into.writeUInt32BE(subxid, at + 4)
  into.writeUInt32BE(changes.count, at + 8)
  into.writeUInt32BE(bytes, at + 12)
  changes.buffer.copy(into, at + headerBytes, changes.start, changes.end)
}

/**
 * The changes of one transaction on disk, in order, as records tagged with their subtransaction. Relations stay in
 * memory. Appending is all or nothing; the file is this process's alone, so a record is trusted to be as written.
 */
export class SpillFile {
  readonly #handle: FileHandle
  readonly #scratch: Buffer
  readonly #relations = new Map<string, Relation>()
  #size = 0

  /** `scratch` is where records are gathered; files may share one, since appends come one after another. */
  constructor(handle: FileHandle, scratch: Buffer) {
    this.#handle = handle
    this.#scratch = scratch
  }

  get size(): number {
    return this.#size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  /** Rejects as the file system does, and then the file is as it was. `reserve` is asked before each write, and may reject. */
  async append(segments: ReadonlyArray<Segment>, reserve: (bytes: number) => Promise<void>): Promise<void> {
    const start = this.#size
    let end = start
    let gathered = 0
    const write = async (bytes: Buffer) => {
      await reserve(bytes.length)
      end = await this.#write(bytes, end)
    }
    try {
      for (const segment of segments) {
        const { relations, start: from, end: until } = segment.changes
        for (const relation of relations) this.#relations.set(relation.fingerprint, relation)
        const length = headerBytes + until - from
        if (gathered > 0 && gathered + length > this.#scratch.length) {
          await write(this.#scratch.subarray(0, gathered))
          gathered = 0
        }
        if (length > this.#scratch.length) {
          const large = Buffer.allocUnsafe(length)
          putRecord(large, 0, length, segment)
          await write(large)
        } else {
          putRecord(this.#scratch, gathered, length, segment)
          gathered += length
        }
      }
      if (gathered > 0) await write(this.#scratch.subarray(0, gathered))
      this.#size = end
    } catch (cause) {
      // Give back what a full disk took of it; what stays behind is overwritten by the next try.
      await this.#handle.truncate(start).catch(() => undefined)
      throw cause
    }
  }

  async #write(bytes: Buffer, at: number): Promise<number> {
    let written = 0
    while (written < bytes.length) {
      const result = await this.#handle.write(bytes, written, bytes.length - written, at + written)
      written += result.bytesWritten
    }
    return at + written
  }

  /** How many changes the file has but for those of the given subtransactions. */
  async count(dropped: ReadonlySet<number>): Promise<number> {
    const reader = new SpillReader(this.#handle, this.#size, this.#relations)
    let count = 0
    for (let header = await reader.header(); header !== null; header = await reader.header()) {
      if (!dropped.has(header.subxid)) count += header.changes
      reader.skip(header.length)
    }
    return count
  }

  /** From the start. One record and one chunk are in memory at a time. */
  read(): SpillReader {
    return new SpillReader(this.#handle, this.#size, this.#relations)
  }
}

interface RecordHeader {
  readonly length: number
  readonly subxid: number
  readonly changes: number
  readonly bytes: number
}

/** Goes through a spilled transaction once, from its start. */
class SpillReader {
  readonly #handle: FileHandle
  readonly #end: number
  readonly #relations: ReadonlyMap<string, Relation>
  /** Where in the file the next unread byte is. */
  #position = 0
  #buffer = Buffer.alloc(0)
  /** What is filled of it. */
  #window = this.#buffer
  /** Where in the window. */
  #at = 0

  constructor(handle: FileHandle, end: number, relations: ReadonlyMap<string, Relation>) {
    this.#handle = handle
    this.#end = end
    this.#relations = relations
  }

  /** The next chunk that the cutter makes of what was not dropped; null at the end, where the cutter may still hold one. */
  async nextChunk(cutter: ChunkCutter, dropped: ReadonlySet<number>): Promise<TransactionChunk | null> {
    for (;;) {
      // Awaited only when the window is used up: records may hold one small change each.
      const header = this.#has(headerBytes) ? this.#header() : await this.header()
      if (header === null) return null
      if (dropped.has(header.subxid)) {
        this.skip(header.length)
        continue
      }
      if (!this.#has(header.length)) await this.#fill(header.length)
      const chunk = cutter.add(this.#segment(header))
      if (chunk !== null) return chunk
    }
  }

  async header(): Promise<RecordHeader | null> {
    if (this.#position === this.#end) return null
    if (!this.#has(headerBytes)) await this.#fill(headerBytes)
    return this.#header()
  }

  skip(bytes: number): void {
    this.#position += bytes
    this.#at += bytes
  }

  #header(): RecordHeader {
    const header = {
      length: this.#window.readUInt32BE(this.#at),
      subxid: this.#window.readUInt32BE(this.#at + 4),
      changes: this.#window.readUInt32BE(this.#at + 8),
      bytes: this.#window.readUInt32BE(this.#at + 12)
    }
    this.skip(headerBytes)
    return header
  }

  #segment(header: RecordHeader): Segment {
    const text = this.#window.toString("utf8", this.#at, this.#at + header.length)
    this.skip(header.length)
    return {
      subxid: header.subxid,
      changes: packChanges(decodeChanges(text, (fingerprint) => this.#relations.get(fingerprint))),
      bytes: header.bytes
    }
  }

  #has(bytes: number): boolean {
    return this.#at + bytes <= this.#window.length
  }

  async #fill(bytes: number): Promise<void> {
    const wanted = Math.min(Math.max(bytes, readBytes), this.#end - this.#position)
    if (wanted < bytes) throw new RangeError("the file ends inside a record")
    if (this.#buffer.length < wanted) this.#buffer = Buffer.allocUnsafe(wanted)
    const window = this.#buffer.subarray(0, wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(window, filled, wanted - filled, this.#position + filled)
      if (bytesRead === 0) throw new RangeError("the file is shorter than what was written to it")
      filled += bytesRead
    }
    this.#window = window
    this.#at = 0
  }
}
