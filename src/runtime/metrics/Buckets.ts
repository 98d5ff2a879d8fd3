/** How often values fell into which bucket. Plain state, for what is measured per transaction: no allocation. */
export class Buckets {
  /** Upper bounds, ascending; a last one of infinity is understood. */
  readonly bounds: ReadonlyArray<number>
  /** By bound, the last for what is above all of them; not cumulative. */
  readonly counts: Float64Array
  readonly #bounds: Float64Array
  #sum = 0

  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.#bounds = Float64Array.from(bounds)
    this.counts = new Float64Array(bounds.length + 1)
  }

  get sum(): number {
    return this.#sum
  }

  get count(): number {
    return this.counts.reduce((total, count) => total + count, 0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] ?? Number.POSITIVE_INFINITY)) high = middle
      else low = middle + 1
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1
    this.#sum += value
  }
}
