import type { MetricsHistoryJson } from "./api/MetricsHistoryJson.ts"
import type { MetricsJson } from "./api/MetricsJson.ts"

type Figures = Pick<MetricsJson, "at" | "rates" | "ingest_latency_seconds" | "live_buffer">

/** The last hour, one look each `stepSeconds`. Plain state. */
export class MetricsRing {
  readonly stepSeconds = 5
  readonly #kept: Array<Figures> = []
  readonly #most: number

  constructor(most = 720) {
    this.#most = most
  }

  add(figures: Figures): void {
    this.#kept.push(figures)
    if (this.#kept.length > this.#most) this.#kept.shift()
  }

  /** Column by column, oldest first: half the size of rows. */
  get history(): MetricsHistoryJson {
    const column = <A>(of: (figures: Figures) => A): ReadonlyArray<A> => this.#kept.map(of)
    return {
      step_seconds: this.stepSeconds,
      at: column(({ at }) => at),
      captured_transactions: column(({ rates }) => rates.captured_transactions),
      captured_changes: column(({ rates }) => rates.captured_changes),
      archived_transactions: column(({ rates }) => rates.archived_transactions),
      published_transactions: column(({ rates }) => rates.published_transactions),
      replayed_changes: column(({ rates }) => rates.replayed_changes),
      ingest_latency_p50_seconds: column(({ ingest_latency_seconds: latency }) => latency?.p50 ?? null),
      ingest_latency_p99_seconds: column(({ ingest_latency_seconds: latency }) => latency?.p99 ?? null),
      ingest_latency_max_seconds: column(({ ingest_latency_seconds: latency }) => latency?.max ?? null),
      live_buffer_changes: column(({ live_buffer: buffer }) => buffer?.changes ?? null),
      live_buffer_max_changes: column(({ live_buffer: buffer }) => buffer?.max_changes ?? null)
    }
  }
}
