/** Bytes after which a fast stream gets a rest. */
const stretch = 128 * 1024
/** Below this rate pausing would only cost latency: 10 MB/s, in bytes per millisecond. */
const fast = 10_000
/** Rates over less than this are noise: one read can bring megabytes that waited in the kernel. */
const window = 20

/**
 * Decides when to rest. An eager reader makes the server send message by message, one system call and one wake-up
 * each; one that rests for a millisecond after each 128 KiB lets it collect, which doubles the throughput. Only for
 * TCP and only above 10 MB/s: elsewhere it costs.
 */
export class Pacer {
  #since: number
  #windowBytes = 0
  #stretchBytes = 0
  #isFast = false

  constructor(now: number) {
    this.#since = now
  }

  /** Counts what arrived; whether to rest now. `now` is read only when it matters. */
  shouldRest(bytes: number, now: () => number): boolean {
    this.#stretchBytes += bytes
    if (this.#stretchBytes < stretch) return false
    this.#windowBytes += this.#stretchBytes
    this.#stretchBytes = 0
    const elapsed = now() - this.#since
    if (elapsed >= window) {
      this.#isFast = this.#windowBytes > fast * elapsed
      this.#since += elapsed
      this.#windowBytes = 0
    }
    return this.#isFast
  }
}
