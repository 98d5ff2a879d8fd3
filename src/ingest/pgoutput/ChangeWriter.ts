import { constants } from "node:buffer"
import type { OperationCounts } from "../../domain/PackedChanges.ts"

/** Changes share buffers: the first after `apart` is small, each further one twice as large, up to the larger size. */
const smallSlab = 16 * 1024
const slabBytes = 256 * 1024
/** A byte of a text takes at most so many in JSON: a control character. */
const mostPerByte = 6
/** More than what JSON adds to a change: brackets, the operation's letter, a fingerprint. */
const frame = 128
/** A null for each of the most columns that a table can have: where bytes are counted, one of those is five. */
const nulls = 5 * 1664
/** Longer could not be made a text again. */
const mostBytes = constants.MAX_STRING_LENGTH - 1024

const comma = 0x2c
const quote = 0x22
const backslash = 0x5c
const hex = Buffer.from("0123456789abcdef")

/** What a byte becomes behind a backslash, 1 for `u00` and its hex, 0 for those that stay as they are. */
const escapes = new Uint8Array(256)
escapes.fill(1, 0, 0x20)
for (const [byte, letter] of ['""', "\\\\", "\bb", "\tt", "\nn", "\ff", "\rr"].map((pair) =>
  Buffer.from(pair)
)) {
  if (byte !== undefined && letter !== undefined) escapes[byte] = letter
}

export type RowOperation = "insert" | "update" | "delete"

const none = { insert: 0, update: 0, delete: 0, truncate: 0, message: 0 }
/** Each shared by all single changes of its kind. */
export const single: Readonly<Record<RowOperation, OperationCounts>> = {
  insert: { ...none, insert: 1 },
  update: { ...none, update: 1 },
  delete: { ...none, delete: 1 }
}

/** Where a change was written. */
export interface WrittenChange {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Writes changes in the form of `encodeChanges`, straight from a message's bytes: no string and no object comes into
 * being for a cell. Changes that follow each other lie in one buffer with commas between.
 */
export class ChangeWriter {
  #buffer = Buffer.alloc(0)
  #at = 0
  #start = 0
  #nextSlab = smallSlab
  readonly #written = { buffer: this.#buffer, start: 0, end: 0 }

  /** From here on another buffer, so that what is written before can go without it. */
  apart(): void {
    this.#buffer = Buffer.alloc(0)
    this.#at = 0
    this.#nextSlab = smallSlab
  }

  /** Makes room for a change of the message that lies there. False when it is too large to be kept. */
  open(message: Buffer, start: number, end: number): boolean {
    let room = (end - start) * mostPerByte + frame
    if (room > slabBytes) {
      room = end - start + frame + nulls
      for (let i = start; i < end; i++) if (escapes[message[i] as number] !== 0) room += mostPerByte - 1
      if (room > mostBytes) return false
    }
    if (room > this.#buffer.length - this.#at) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(room, this.#nextSlab))
      this.#nextSlab = Math.min(this.#nextSlab * 2, slabBytes)
      this.#at = 0
    }
    this.#start = this.#at
    return true
  }

  /** Text of ASCII alone. */
  put(text: string): void {
    for (let i = 0; i < text.length; i++) this.#buffer[this.#at++] = text.charCodeAt(i)
  }

  byte(byte: number): void {
    this.#buffer[this.#at++] = byte
  }

  /** A string of these bytes. Whether all of them are ASCII: the others are to be checked by who knows them. */
  text(from: Buffer, start: number, stop: number): boolean {
    const into = this.#buffer
    let at = this.#at
    let bits = 0
    into[at++] = quote
    for (let i = start; i < stop; i++) {
      // In range: the caller's, and the table has all bytes.
      const byte = from[i] as number
      const escape = escapes[byte] as number
      bits |= byte
      if (escape === 0) into[at++] = byte
      else {
        into[at++] = backslash
        if (escape !== 1) into[at++] = escape
        else {
          into[at++] = 0x75
          into[at++] = 0x30
          into[at++] = 0x30
          into[at++] = hex[byte >> 4] as number
          into[at++] = hex[byte & 15] as number
        }
      }
    }
    into[at++] = quote
    this.#at = at
    return bits < 0x80
  }

  /** Ends the change; what `written` says holds until the next one is closed. */
  close(): void {
    this.#written.buffer = this.#buffer
    this.#written.start = this.#start
    this.#written.end = this.#at
    this.#buffer[this.#at++] = comma
  }

  get written(): WrittenChange {
    return this.#written
  }
}
