const smallest = 32 * 1024
/** So many are kept at most, and none that is larger: about what two sends take. */
const kept = { buffers: 32, bytes: 2 * 1024 * 1024 }

/**
 * Buffers for use over and over. What lies outside of the engine's heap counts with it all the same: megabytes of it for
 * each send made a collection of the whole heap due four times a second.
 */
export class BufferPool {
  readonly #free: Array<Buffer> = []

  /** One of at least this size; what is in it is of no meaning. */
  take(size: number): Buffer {
    const found = this.#free.findLastIndex((buffer) => buffer.length >= size)
    if (found >= 0) {
      const [buffer] = this.#free.splice(found, 1)
      if (buffer !== undefined) return buffer
    }
    let length = smallest
    while (length < size) length *= 2
    return Buffer.allocUnsafeSlow(length)
  }

  /** From here on nobody else may look at it. */
  give(buffer: Buffer): void {
    if (this.#free.length < kept.buffers && buffer.length <= kept.bytes) this.#free.push(buffer)
  }
}
