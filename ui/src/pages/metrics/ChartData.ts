import { type MetricPoint, silence } from "../../state/MetricsHistory.ts"

/** One line of a chart. */
export interface Series {
  readonly name: string
  /** The token that it is drawn in: the same figure has the same colour everywhere. */
  readonly colour: "--accent" | "--upd" | "--trn" | "--muted"
  /** Told apart without colours too. */
  readonly dash?: ReadonlyArray<number>
  readonly of: (point: MetricPoint) => number | null
}

/** Times in seconds, then the values of each line. */
export type Columns = [Array<number>, ...Array<Array<number | null>>]

/** What is drawn: the points of the window, and a break wherever nothing was told. */
export const columnsOf = (
  points: ReadonlyArray<MetricPoint>,
  series: ReadonlyArray<Series>,
  window: { readonly from: number; readonly until: number }
): Columns => {
  const times: Array<number> = []
  const values = series.map((): Array<number | null> => [])
  let before: number | null = null
  for (const point of points) {
    if (point.at < window.from || point.at > window.until) continue
    // Times must rise: a clock that was set back begins anew where it was.
    if (before !== null && point.at <= before) continue
    if (before !== null && point.at - before > silence) {
      times.push((before + 1000) / 1000)
      for (const column of values) column.push(null)
    }
    times.push(point.at / 1000)
    for (const [i, column] of values.entries()) column.push(series[i]?.of(point) ?? null)
    before = point.at
  }
  return [times, ...values]
}

export interface Extent {
  readonly last: number | null
  readonly least: number | null
  readonly most: number | null
}

/** What a line comes to in words. */
export const extentOf = (column: ReadonlyArray<number | null>): Extent => {
  let least: number | null = null
  let most: number | null = null
  for (const value of column) {
    if (value === null) continue
    least = least === null ? value : Math.min(least, value)
    most = most === null ? value : Math.max(most, value)
  }
  return { last: column.at(-1) ?? null, least, most }
}

export interface TableRow {
  /** Milliseconds. */
  readonly at: number
  readonly values: ReadonlyArray<number | null>
}

/** At most so many rows, evenly over the window, newest first. */
export const tableOf = ([times, ...values]: Columns, rows = 60): ReadonlyArray<TableRow> => {
  const step = Math.max(1, Math.ceil(times.length / rows))
  const made: Array<TableRow> = []
  for (let i = times.length - 1; i >= 0; i -= step) {
    made.push({ at: (times[i] ?? 0) * 1000, values: values.map((column) => column[i] ?? null) })
  }
  return made
}
