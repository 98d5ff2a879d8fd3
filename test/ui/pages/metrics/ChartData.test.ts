import { expect, test } from "vitest"
import { columnsOf, extentOf, type Series, tableOf } from "../../../../ui/src/pages/metrics/ChartData.ts"
import type { MetricPoint } from "../../../../ui/src/state/MetricsHistory.ts"

const point = (seconds: number, captured: number | null): MetricPoint => ({
  at: seconds * 1000,
  captured,
  replayed: null,
  capturedTransactions: null,
  archivedTransactions: null,
  publishedTransactions: null,
  p50: null,
  p99: null,
  max: null,
  bufferChanges: null,
  bufferMost: null
})
const series: ReadonlyArray<Series> = [{ name: "captured", colour: "--accent", of: (held) => held.captured }]
const all = { from: 0, until: 1e9 }

test("only the window's points are drawn", () => {
  const points = [point(1, 10), point(2, 20), point(3, 30)]
  expect(columnsOf(points, series, { from: 2000, until: 2500 })).toEqual([[2], [20]])
})

test("a line breaks off where nothing was told, and where nothing was known", () => {
  const points = [point(1, 10), point(2, null), point(3, 30), point(8, 80), point(20, 90)]
  expect(columnsOf(points, series, all)).toEqual([
    [1, 2, 3, 8, 9, 20],
    [10, null, 30, 80, null, 90]
  ])
})

test("a clock that was set back does not draw backwards", () => {
  expect(columnsOf([point(5, 1), point(4, 2), point(6, 3)], series, all)).toEqual([
    [5, 6],
    [1, 3]
  ])
})

test("an extent passes over what nobody knew, and does not make a zero of it", () => {
  expect(extentOf([null, 4, 2, null, 9])).toEqual({ last: 9, least: 2, most: 9 })
  expect(extentOf([null])).toEqual({ last: null, least: null, most: null })
})

test("a table has at most so many rows, the newest first", () => {
  const points = Array.from({ length: 100 }, (_, i) => point(i + 1, i))
  const rows = tableOf(columnsOf(points, series, all), 10)
  expect(rows.length).toBe(10)
  expect(rows[0]).toEqual({ at: 100_000, values: [99] })
})
