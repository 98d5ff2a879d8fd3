import { Effect } from "effect"
import { ThisProcess } from "../../control/ThisProcess.ts"
import { gauge, metricSet } from "../../runtime/metrics/Metric.ts"

const metrics = {
  build: gauge("walstream_build_info", "Always 1: which program this is", "version", "role", "node")
}

/** Which program a process is. */
export const buildMetrics = metricSet(
  metrics,
  Effect.map(ThisProcess, ({ version, role }) => [
    metrics.build.of([{ labels: { version, role, node: process.version }, value: 1 }])
  ])
)
