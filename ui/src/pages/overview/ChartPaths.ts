export interface Point {
  readonly x: number
  /** Null: nothing is known of it. */
  readonly y: number | null
}

/** Stretches without a gap: two points further apart than `widest` have one between them. */
const runsOf = (
  points: ReadonlyArray<Point>,
  widest: number
): ReadonlyArray<ReadonlyArray<{ x: number; y: number }>> => {
  const runs: Array<Array<{ x: number; y: number }>> = []
  let last = Number.NEGATIVE_INFINITY
  for (const { x, y } of points) {
    if (y === null) {
      last = Number.NEGATIVE_INFINITY
      continue
    }
    if (x - last > widest) runs.push([])
    runs.at(-1)?.push({ x, y })
    last = x
  }
  return runs
}

const text = (value: number): string => String(Math.round(value * 10) / 10)

const lineOf = (run: ReadonlyArray<{ x: number; y: number }>): string =>
  run.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${text(x)} ${text(y)}`).join("")

export const linePath = (points: ReadonlyArray<Point>, widest: number): string =>
  runsOf(points, widest).map(lineOf).join("")

/** The same, filled down to the floor. */
export const areaPath = (points: ReadonlyArray<Point>, widest: number, floor: number): string =>
  runsOf(points, widest)
    .map((run) => `${lineOf(run)}L${text(run.at(-1)?.x ?? 0)} ${floor}L${text(run[0]?.x ?? 0)} ${floor}Z`)
    .join("")

/** The next round number above it, which quarters well. */
export const niceTop = (value: number): number => {
  const step = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 4, 8, 10].find((candidate) => candidate * step >= value) ?? 10
  return factor * step
}
