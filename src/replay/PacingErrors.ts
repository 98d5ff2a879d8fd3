/** How far from their due time transactions are handed to the target, in milliseconds, whichever side. */
export interface PacingError {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

/** The last 1024 errors: enough for a p99, little enough to sort when asked. */
export class PacingErrors {
  readonly #ring = new Float64Array(1024)
  #count = 0

  add(error: number): void {
    this.#ring[this.#count % this.#ring.length] = Math.abs(error)
    this.#count += 1
  }

  /** Null before the first paced transaction. `count` is over the whole run, the percentiles over the last 1024. */
  get summary(): PacingError | null {
    if (this.#count === 0) return null
    const sorted = this.#ring.slice(0, Math.min(this.#count, this.#ring.length)).sort()
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    return { count: this.#count, p50: at(0.5), p99: at(0.99) }
  }
}
