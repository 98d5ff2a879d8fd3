import type { MetricDefinition } from "../runtime/metrics/Metric.ts"
import { metrics as control } from "./control.ts"
import { metrics as dev } from "./dev.ts"
import { metrics as ingestor } from "./ingestor.ts"
import { metrics as replayer } from "./replayer.ts"
import { metrics as worker } from "./worker.ts"

/** What each role tells at `/metrics`. */
export const roleMetrics: Readonly<Record<string, ReadonlyArray<MetricDefinition>>> = {
  ingestor: ingestor.definitions,
  worker: worker.definitions,
  replayer: replayer.definitions,
  control: control.definitions,
  "npm start": dev.definitions
}

const head = `# Metrics

Made by \`npm run metrics\` from the definitions in the code. Every process serves these at \`/metrics\`, in Prometheus' text
format, on \`METRICS_HOST\` (127.0.0.1) and \`METRICS_PORT\`: ingestor 9090, control 9091, replayer 9092, worker 9094.
\`npm start\` serves them where \`METRICS_PORT\` is set. On the same port \`/version\` tells which program it is.

- Counters begin at 0 with their process. What cannot be known at a scrape (a server does not answer) has no sample then.
- No label names a table, a job, a user or an address: the number of series does not grow with what is captured.
- Values are read when they are scraped; what is counted on the way of a change is counted once a batch or transaction.

`

const labelsOf = ({ labels }: MetricDefinition): string =>
  labels.length === 0 ? "" : `{${labels.join(", ")}}`

/** `docs/metrics.md`: every metric with its meaning, and which processes have it. */
export const metricsReference = (): string => {
  const definitions = new Map(
    Object.values(roleMetrics)
      .flat()
      .map((definition) => [definition.name, definition])
  )
  const rows = Array.from(definitions.values(), (definition) => {
    const { name, type, help } = definition
    const roles = Object.entries(roleMetrics).flatMap(([role, its]) =>
      its.some((one) => one.name === name) ? [role] : []
    )
    const where = roles.length === Object.keys(roleMetrics).length ? "all" : roles.join(", ")
    return `| \`${name}${labelsOf(definition)}\` | ${type} | ${where} | ${help} |`
  })
  return `${head}| metric | type | processes | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`
}
