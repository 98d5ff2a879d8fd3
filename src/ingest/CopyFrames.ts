const copyData = 0x64 // 'd'
/** The kind, and four bytes of length, which count themselves. */
const header = 5

/**
 * Takes the protocol's messages apart as a socket brings them. CopyData is given where it lies, without an object for
 * each: a stream of changes is little else. The others are given whole, for the driver to read.
 */
export class CopyFrames {
  readonly #onCopyData: (bytes: Buffer, start: number, end: number) => void
  readonly #onOther: (message: Buffer) => void
  /** The beginning of a message whose rest has not come yet. */
  #part = Buffer.alloc(0)
  #held = 0

  constructor(
    /** Valid during the call only. */
    onCopyData: (bytes: Buffer, start: number, end: number) => void,
    onOther: (message: Buffer) => void
  ) {
    this.#onCopyData = onCopyData
    this.#onOther = onOther
  }

  push(read: Buffer): void {
    let at = this.#held > 0 ? this.#complete(read) : 0
    while (read.length - at >= header) {
      const end = at + 1 + read.readUInt32BE(at + 1)
      if (end > read.length) break
      this.#give(read, at, end)
      at = end
    }
    if (at < read.length) this.#keep(read, at)
  }

  #give(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === copyData) this.#onCopyData(bytes, start + header, end)
    else this.#onOther(bytes.subarray(start, end))
  }

  #keep(read: Buffer, at: number): void {
    const left = read.length - at
    const size = left < header ? header : 1 + read.readUInt32BE(at + 1)
    // The last part's buffer is used again where it is large enough.
    if (size > this.#part.length) this.#part = Buffer.allocUnsafeSlow(size)
    read.copy(this.#part, 0, at)
    this.#held = left
  }

  /** Goes on with the kept part. Where in the read the next message begins. */
  #complete(read: Buffer): number {
    let at = 0
    if (this.#held < header) {
      at = this.#fill(read, 0, header)
      if (this.#held < header) return at
      const size = 1 + this.#part.readUInt32BE(1)
      if (size > this.#part.length) {
        const larger = Buffer.allocUnsafeSlow(size)
        this.#part.copy(larger, 0, 0, header)
        this.#part = larger
      }
    }
    const size = 1 + this.#part.readUInt32BE(1)
    at = this.#fill(read, at, size)
    if (this.#held < size) return at
    this.#held = 0
    this.#give(this.#part, 0, size)
    // A huge one's buffer is not kept.
    if (size > 1024 * 1024) this.#part = Buffer.alloc(0)
    return at
  }

  #fill(read: Buffer, at: number, size: number): number {
    const copied = read.copy(this.#part, this.#held, at, at + size - this.#held)
    this.#held += copied
    return at + copied
  }
}
