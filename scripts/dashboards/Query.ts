import type { Choice, Line } from "./Panel.ts"

export const rate = (counter: string): string => `rate(${counter}[$__rate_interval])`

export const increase = (counter: string): string => `increase(${counter}[$__rate_interval])`

/** `name` with these matchers and the labels that are chosen above the panels. */
type Select = (name: string, ...matchers: ReadonlyArray<string>) => string

/** What the processes of a role tell, those that are chosen. */
export const ofRole = (role: string): Select => {
  const chosen = [`job="walstream-${role}"`, 'instance=~"$instance"']
  return (name, ...matchers) => `${name}{${[...chosen, ...matchers].join(", ")}}`
}

/** What ingestors tell of the sources that are chosen. */
export const ofSource: Select = (name, ...matchers) =>
  `${name}{${['source=~"$source"', ...matchers].join(", ")}}`

export const instanceOf = (role: string): Choice => ({
  name: "instance",
  of: `up{job="walstream-${role}"}`
})

/** A series of its own where the expression has none, with this value and a label that says so. */
export const orNone = (expr: string, label: string, none: string, value = 0): string =>
  `${expr} or on () label_replace(vector(${value}), "${label}", "${none}", "", "")`

/** The median and the 99th percentile of a histogram's buckets, of all its series together; nothing where nothing was measured. */
export const percentiles = (buckets: string, what = ""): ReadonlyArray<Line> =>
  [0.5, 0.99].map((q) => [
    `histogram_quantile(${q}, sum by (le) (${rate(buckets)})) >= 0`,
    `${what}p${q * 100}`
  ])

/** The 99th alone, of the last 5 minutes, as rules have it. */
export const p99 = (buckets: string): string =>
  `histogram_quantile(0.99, sum by (le) (rate(${buckets}[5m]))) >= 0`
