/** Most that one read of a socket brings, in bytes. One that brings so much has left more behind. */
export const fullRead = 64 * 1024
/** Below this rate pausing would only cost latency: 10 MB/s, in bytes per millisecond. */
const fast = 10_000
/** Rates over less than this are noise: one read can bring megabytes that waited in the kernel. */
const window = 20

/**
 * Decides when to rest. A reader that waits for the next byte makes the server send message by message, one wake-up
 * each; one that rests for a millisecond whenever it has read everything lets it collect. While there is more to read
 * than we take, there is nothing to wait for. Only for TCP and only above 10 MB/s: elsewhere it costs.
 */
export class Pacer {
  #since: number
  #bytes = 0
  #isFast = false

  constructor(now: number) {
    this.#since = now
  }

  /** Counts what a read brought, in bytes; whether to rest now, at `now` in milliseconds. */
  shouldRest(bytes: number, now: number): boolean {
    this.#bytes += bytes
    const elapsed = now - this.#since
    if (elapsed >= window) {
      this.#isFast = this.#bytes > fast * elapsed
      this.#since = now
      this.#bytes = 0
    }
    return this.#isFast && bytes < fullRead
  }
}
