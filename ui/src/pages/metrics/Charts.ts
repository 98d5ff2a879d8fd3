import { count, duration, rate, short } from "../../lib/Numbers.ts"
import type { Series } from "./ChartData.ts"

export interface Chart {
  readonly title: string
  readonly unit: string
  readonly series: ReadonlyArray<Series>
  readonly write: (value: number | null) => string
  readonly writeAxis: (value: number) => string
}

const dashed = [5, 4]
const dotted = [2, 3]

/** What the server tells of each second. */
export const charts: ReadonlyArray<Chart> = [
  {
    title: "Throughput",
    unit: "changes/s",
    series: [
      { name: "captured", colour: "--accent", of: (point) => point.captured },
      { name: "replayed", colour: "--upd", dash: dashed, of: (point) => point.replayed }
    ],
    write: rate,
    writeAxis: short
  },
  {
    title: "Latency",
    unit: "from commit to durable, over the minute before",
    series: [
      { name: "median", colour: "--accent", of: (point) => point.p50 },
      { name: "99 of 100", colour: "--trn", dash: dashed, of: (point) => point.p99 },
      { name: "slowest", colour: "--muted", dash: dotted, of: (point) => point.max }
    ],
    write: duration,
    writeAxis: duration
  },
  {
    title: "Into the stores",
    unit: "transactions/s",
    series: [
      { name: "captured", colour: "--accent", of: (point) => point.capturedTransactions },
      { name: "archive", colour: "--trn", dash: dashed, of: (point) => point.archivedTransactions },
      { name: "live buffer", colour: "--muted", dash: dotted, of: (point) => point.publishedTransactions }
    ],
    write: rate,
    writeAxis: short
  },
  {
    title: "Fill of the live buffer",
    unit: "changes",
    series: [
      { name: "held", colour: "--accent", of: (point) => point.bufferChanges },
      { name: "most", colour: "--muted", dash: dotted, of: (point) => point.bufferMost }
    ],
    write: count,
    writeAxis: short
  }
]
