/** What grows, as it was at one moment; null where that was not known. */
export interface Sample {
  /** Milliseconds. */
  readonly at: number
  readonly captured: { readonly transactions: number; readonly changes: number } | null
  readonly archived: number | null
  readonly published: number | null
  readonly replayed: number | null
  readonly latencySeconds: number | null
}

/** Per second, from the oldest of these samples that knows it to the newest. Null where nothing can be said. */
const rate = (
  samples: ReadonlyArray<Sample>,
  of: (sample: Sample) => number | null | undefined
): number | null => {
  const known = samples.flatMap((sample) => {
    const value = of(sample)
    return value === null || value === undefined ? [] : [{ at: sample.at, value }]
  })
  const [first] = known
  const last = known.at(-1)
  if (first === undefined || last === undefined || last.at <= first.at) return null
  // Counters begin anew with their process, and jobs are deleted.
  return Math.max(0, Math.round(((last.value - first.value) / (last.at - first.at)) * 1_000_000) / 1000)
}

const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0

/** The last minute, one sample a second. Plain state. */
export class Samples {
  readonly #kept: Array<Sample> = []
  readonly #most: number
  readonly #recent: number

  constructor(most = 60, recent = 11) {
    this.#most = most
    this.#recent = recent
  }

  add(sample: Sample): void {
    this.#kept.push(sample)
    if (this.#kept.length > this.#most) this.#kept.shift()
  }

  get rates() {
    const recent = this.#kept.slice(-this.#recent)
    return {
      captured_transactions: rate(recent, ({ captured }) => captured?.transactions),
      captured_changes: rate(recent, ({ captured }) => captured?.changes),
      archived_transactions: rate(recent, ({ archived }) => archived),
      published_transactions: rate(recent, ({ published }) => published),
      replayed_changes: rate(recent, ({ replayed }) => replayed)
    }
  }

  get latency() {
    const sorted = this.#kept
      .flatMap(({ latencySeconds }) => (latencySeconds === null ? [] : [latencySeconds]))
      .sort((a, b) => a - b)
    return sorted.length === 0
      ? null
      : {
          p50: percentile(sorted, 0.5),
          p99: percentile(sorted, 0.99),
          max: percentile(sorted, 1),
          samples: sorted.length
        }
  }
}
