import type { Lsn } from "../domain/Lsn.ts"

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** Numbers as little-endian groups of seven bits: most of what a segment says about its transactions is small. */
export class VarintWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }

  /** A non-negative safe integer. */
  natural(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = 0x80 | (rest % 128)
      rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** An integer within 52 bits and a sign. */
  integer(value: number): void {
    this.natural(value < 0 ? -value * 2 - 1 : value * 2)
  }

  /** An LSN as its distance from another one, either way round. */
  lsn(value: Lsn, from: Lsn): void {
    const forward = Number(value - from)
    if (forward >= 0 && forward <= 0xffff_ffff) {
      // Mostly, and without three more bigints.
      this.natural(0)
      this.natural(forward)
      return
    }
    const distance = BigInt.asUintN(64, value - from)
    this.natural(Number(distance >> 32n))
    this.natural(Number(distance & 0xffff_ffffn))
  }

  text(value: string): void {
    const encoded = utf8.encoder.encode(value)
    this.natural(encoded.length)
    this.#reserve(encoded.length)
    this.#bytes.set(encoded, this.#length)
    this.#length += encoded.length
  }

  /** A copy with a buffer of its own, fit for a transfer to another thread. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }
}

/** The inverse; throws a RangeError at the end of the bytes. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  natural(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError("the bytes end within a number")
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
  }

  integer(): number {
    const value = this.natural()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  lsn(from: Lsn): Lsn {
    const high = this.natural()
    const low = this.natural()
    return BigInt.asUintN(64, from + (high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low)))
  }

  text(): string {
    const length = this.natural()
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError("the bytes end within a text")
    const value = utf8.decoder.decode(this.#bytes.subarray(this.#at, end))
    this.#at = end
    return value
  }
}
