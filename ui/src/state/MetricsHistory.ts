import { type Accessor, createEffect, createSignal, on } from "solid-js"
import type { MetricsHistoryJson } from "../../../src/control/api/MetricsHistoryJson.ts"
import type { MetricsJson } from "../../../src/control/api/MetricsJson.ts"

/** The figures of one second that charts show; null is what nobody knew. */
export interface MetricPoint {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly captured: number | null
  readonly replayed: number | null
  readonly capturedTransactions: number | null
  readonly archivedTransactions: number | null
  readonly publishedTransactions: number | null
  /** Seconds. */
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
  readonly bufferChanges: number | null
  readonly bufferMost: number | null
}

/** The last hour, oldest first: what this page is told each second, and before it what the server has kept. */
export type MetricsHistory = Accessor<ReadonlyArray<MetricPoint>>

const mostMillis = 3_600_000

/** Milliseconds without a figure from which on a line breaks off: what the server keeps is five seconds apart. */
export const silence = 11_000

const pointOf = ({
  at,
  rates,
  ingest_latency_seconds: latency,
  live_buffer: buffer
}: MetricsJson): MetricPoint => ({
  at: Date.parse(at),
  captured: rates.captured_changes,
  replayed: rates.replayed_changes,
  capturedTransactions: rates.captured_transactions,
  archivedTransactions: rates.archived_transactions,
  publishedTransactions: rates.published_transactions,
  p50: latency?.p50 ?? null,
  p99: latency?.p99 ?? null,
  max: latency?.max ?? null,
  bufferChanges: buffer?.changes ?? null,
  bufferMost: buffer?.max_changes ?? null
})

const pointsOf = (kept: MetricsHistoryJson): ReadonlyArray<MetricPoint> =>
  kept.at.map((at, i) => ({
    at: Date.parse(at),
    captured: kept.captured_changes[i] ?? null,
    replayed: kept.replayed_changes[i] ?? null,
    capturedTransactions: kept.captured_transactions[i] ?? null,
    archivedTransactions: kept.archived_transactions[i] ?? null,
    publishedTransactions: kept.published_transactions[i] ?? null,
    p50: kept.ingest_latency_p50_seconds[i] ?? null,
    p99: kept.ingest_latency_p99_seconds[i] ?? null,
    max: kept.ingest_latency_max_seconds[i] ?? null,
    bufferChanges: kept.live_buffer_changes[i] ?? null,
    bufferMost: kept.live_buffer_max_changes[i] ?? null
  }))

/** What was kept comes in wherever nothing was told: before the first, and while there was no connection. */
export const withKept = (
  told: ReadonlyArray<MetricPoint>,
  kept: MetricsHistoryJson
): ReadonlyArray<MetricPoint> => {
  const near = kept.step_seconds * 1000
  const seen = new Set(told.map(({ at }) => Math.floor(at / near)))
  const missing = pointsOf(kept).filter(({ at }) => !seen.has(Math.floor(at / near)))
  return [...missing, ...told].toSorted((a, b) => a.at - b.at)
}

const lastHour = (points: ReadonlyArray<MetricPoint>): ReadonlyArray<MetricPoint> => {
  const since = (points.at(-1)?.at ?? 0) - mostMillis
  const first = points.findIndex(({ at }) => at >= since)
  return first > 0 ? points.slice(first) : points
}

/** Inside a reactive root. `ask` is called anew whenever `isTold` becomes true. */
export const makeMetricsHistory = (
  latest: Accessor<MetricsJson | null>,
  isTold: Accessor<boolean>,
  ask: () => Promise<MetricsHistoryJson>
): MetricsHistory => {
  const [points, setPoints] = createSignal<ReadonlyArray<MetricPoint>>([])
  createEffect(
    on(latest, (metrics) => {
      if (metrics !== null) setPoints((held) => lastHour([...held, pointOf(metrics)]))
    })
  )
  createEffect(
    on(isTold, (told) => {
      if (!told) return
      ask().then(
        (kept) => setPoints((held) => lastHour(withKept(held, kept))),
        // The charts begin with what is told from now on.
        () => undefined
      )
    })
  )
  return points
}
