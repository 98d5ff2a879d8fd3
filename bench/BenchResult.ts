/** One measured case beside its anchor. */
export interface BenchCase {
  readonly case: string
  readonly ours: number
  readonly anchor: number
  /** How many times better we are than the anchor, or than the goal where there is no anchor. Above 1 is better. */
  readonly ratio: number
}

/** What a bench run comes to: the headline and the cases behind it. */
export interface BenchResult extends Omit<BenchCase, "case"> {
  readonly bench: string
  readonly unit: string
  readonly detail: ReadonlyArray<BenchCase>
}

/** A case measured in something of which more is better, such as changes per second. */
export const moreIsBetter = (name: string, ours: number, anchor: number): BenchCase => ({
  case: name,
  ours,
  anchor,
  ratio: ours / anchor
})

/** A case measured in something of which less is better, such as milliseconds. */
export const lessIsBetter = (name: string, ours: number, anchor: number): BenchCase => ({
  case: name,
  ours,
  anchor,
  ratio: anchor / ours
})

/** The result whose headline is its worst case. */
export const worstOf = (bench: string, unit: string, detail: ReadonlyArray<BenchCase>): BenchResult => {
  const [first, ...rest] = detail
  if (first === undefined) throw new Error(`bench ${bench} measured nothing`)
  const { ours, anchor, ratio } = rest.reduce((worst, one) => (one.ratio < worst.ratio ? one : worst), first)
  return { bench, ours, anchor, ratio, unit, detail }
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Three significant digits: more would be noise. */
const rounded = (value: number): number => Number(value.toPrecision(3))

/** Prints a line per case for people, then the one JSON line for machines. It must be the last thing printed. */
export const printResult = (result: BenchResult): void => {
  for (const one of result.detail) {
    console.log(
      `${one.case}: ours ${rounded(one.ours)}, anchor ${rounded(one.anchor)} ${result.unit}, ratio ${rounded(one.ratio)}`
    )
  }
  const { bench, ours, anchor, ratio, unit, detail } = result
  console.log(
    JSON.stringify({ bench, ours, anchor, ratio, unit, detail }, (_, value) =>
      typeof value === "number" ? rounded(value) : value
    )
  )
}
