/** A whole message; its bytes are good until the next one. */
export interface Message {
  readonly opcode: number
  readonly isPacked: boolean
  readonly payload: Buffer
}

/** Takes a server's frames out of what comes over a connection, and looks at nothing but their heads. */
export class FrameReader {
  #held = Buffer.allocUnsafe(64 * 1024)
  #length = 0

  read(part: Uint8Array, onMessage: (message: Message) => void): void {
    if (this.#length + part.length > this.#held.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#length + part.length))
      this.#held.copy(larger, 0, 0, this.#length)
      this.#held = larger
    }
    this.#held.set(part, this.#length)
    this.#length += part.length
    let at = 0
    for (;;) {
      const end = this.#messageAt(at, onMessage)
      if (end === undefined) break
      at = end
    }
    if (at === 0) return
    this.#held.copyWithin(0, at, this.#length)
    this.#length -= at
  }

  /** Where the message ends that begins there, if it is whole. */
  #messageAt(at: number, onMessage: (message: Message) => void): number | undefined {
    const held = this.#held
    if (this.#length < at + 2) return undefined
    const [first = 0, short = 0] = [held[at], held[at + 1]]
    const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    if (this.#length < from) return undefined
    const length =
      short < 126 ? short : short === 126 ? held.readUInt16BE(at + 2) : held.readUIntBE(at + 4, 6)
    const end = from + length
    if (this.#length < end) return undefined
    onMessage({ opcode: first & 15, isPacked: (first & 64) !== 0, payload: held.subarray(from, end) })
    return end
  }
}
