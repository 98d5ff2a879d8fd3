import { constants, isUtf8 } from "node:buffer"
import type { Lsn } from "../../domain/Lsn.ts"
import { type Micros, postgresEpoch } from "../../domain/Micros.ts"
import { DecodeError } from "../DecodeError.ts"
import type { ChangeWriter } from "./ChangeWriter.ts"

const replacement = "\uFFFD"

/**
 * Reads one message, forwards, and never past its end: whatever does not fit is a DecodeError. Reused for every
 * message of a connection; strings are copied out at once, since the transport overwrites its buffer.
 */
export class MessageCursor {
  #buffer: Buffer = Buffer.alloc(0)
  #start = 0
  #at = 0
  #end = 0
  /** For errors. */
  kind = ""

  open(buffer: Buffer, start: number, end: number): void {
    this.#buffer = buffer
    this.#start = start
    this.#at = start
    this.#end = end
    this.kind = "Unknown"
  }

  /** The message's size. */
  get bytes(): number {
    return this.#end - this.#start
  }

  fail(detail: string): never {
    throw new DecodeError({ plugin: "pgoutput", kind: this.kind, offset: this.#at - this.#start, detail })
  }

  #take(bytes: number): number {
    const at = this.#at
    if (bytes > this.#end - at) this.fail(`${bytes} bytes expected, ${this.#end - at} left`)
    this.#at = at + bytes
    return at
  }

  uint8(): number {
    // In range: `#take` has checked it.
    return this.#buffer[this.#take(1)] as number
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#take(2))
  }

  int32(): number {
    const at = this.#take(4)
    const buffer = this.#buffer
    // Four plain reads: a fifth of the cost of readInt32BE, and there is one per cell. In range, as above.
    return (
      ((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)
    )
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  lsn(): Lsn {
    return this.#buffer.readBigUInt64BE(this.#take(8))
  }

  /** A timestamp: signed microseconds since 2000. */
  micros(): Micros {
    const high = this.int32()
    const time = high * 0x1_0000_0000 + this.uint32() + postgresEpoch
    if (!Number.isSafeInteger(time)) this.fail("a time out of range")
    return time
  }

  /** A zero-terminated name. */
  name(): string {
    const start = this.#at
    const stop = this.#buffer.indexOf(0, start)
    if (stop < 0 || stop >= this.#end) this.fail("a name without an end")
    this.#at = stop + 1
    return this.#utf8(start, stop)
  }

  /** Writes so many bytes of text. */
  copyText(bytes: number, into: ChangeWriter): void {
    if (bytes < 0) this.fail("a negative length")
    const start = this.#take(bytes)
    const stop = start + bytes
    // Bytes that are no UTF-8 would become U+FFFD without a word: another value than the source's.
    if (!into.text(this.#buffer, start, stop) && !isUtf8(this.#buffer.subarray(start, stop)))
      this.fail("text that is not UTF-8")
  }

  base64(bytes: number): string {
    if (bytes < 0) this.fail("a negative length")
    if (Math.ceil(bytes / 3) * 4 > constants.MAX_STRING_LENGTH)
      this.fail(`${bytes} bytes are too many for a text`)
    const start = this.#take(bytes)
    return this.#buffer.toString("base64", start, start + bytes)
  }

  skip(bytes: number): void {
    if (bytes < 0) this.fail("a negative length")
    this.#take(bytes)
  }

  /** Every message must be read to its end: a byte too many means that it is not what it seems. */
  close(): void {
    if (this.#at !== this.#end) this.fail(`${this.#end - this.#at} bytes too many`)
  }

  #utf8(start: number, stop: number): string {
    if (stop - start > constants.MAX_STRING_LENGTH) this.fail(`${stop - start} bytes are too many for a text`)
    const text = this.#buffer.toString("utf8", start, stop)
    // Bytes that are no UTF-8 become U+FFFD without a word: another value than the source's.
    if (text.includes(replacement) && !isUtf8(this.#buffer.subarray(start, stop)))
      this.fail("text that is not UTF-8")
    return text
  }
}
