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
  #worst: number | null = null

  add(error: number): void {
    const size = Math.abs(error)
    this.#ring[this.#count % this.#ring.length] = size
    this.#count += 1
    if (this.#worst === null || size > this.#worst) this.#worst = size
  }

  /** The worst since the last call; null when there was none. */
  takeWorst(): number | null {
    const worst = this.#worst
    this.#worst = null
    return worst
  }

  /** Null before the first paced transaction. `count` is over the whole run, the percentiles over the last 1024. */
  get summary(): PacingError | null {
    if (this.#count === 0) return null
    const sorted = this.#ring.slice(0, Math.min(this.#count, this.#ring.length)).sort()
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    return { count: this.#count, p50: at(0.5), p99: at(0.99) }
  }
}
