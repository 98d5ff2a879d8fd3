import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { stringify } from "yaml"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { until } from "../faults/Scene.ts"
import { prometheusServer } from "./Capability.ts"

export interface TestPrometheusOptions {
  /** What is scraped each second: addresses by job, as host:port. */
  readonly targets: Readonly<Record<string, string>>
  /** The rules' YAML, evaluated each second. */
  readonly rules: string
}

const Answer = Schema.Struct({
  status: Schema.Literal("success"),
  data: Schema.Struct({
    result: Schema.Array(
      Schema.Struct({
        metric: Schema.Record(Schema.String, Schema.String),
        value: Schema.Tuple([Schema.Finite, Schema.String])
      })
    )
  })
})
const Alerts = Schema.Struct({
  data: Schema.Struct({
    alerts: Schema.Array(
      Schema.Struct({ labels: Schema.Record(Schema.String, Schema.String), state: Schema.String })
    )
  })
})
const decodeAnswer = Schema.decodeUnknownEffect(Answer)
const decodeAlerts = Schema.decodeUnknownEffect(Alerts)

/** A real server that scrapes this machine. It ends with the scope. */
export const makeTestPrometheus = Effect.fnUntraced(function* ({ targets, rules }: TestPrometheusOptions) {
  const port = yield* freePort
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-prometheus-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
  )
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
    scrape_configs: Object.entries(targets).map(([job, address]) => ({
      job_name: job,
      static_configs: [{ targets: [address], labels: { source: "source" } }]
    }))
  }
  yield* Effect.promise(async () => {
    await writeFile(join(folder, "prometheus.yml"), stringify(config))
    await writeFile(join(folder, "rules.yml"), rules)
  })
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        prometheusServer,
        [
          `--config.file=${join(folder, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`
        ],
        { stdio: "ignore" }
      )
    ),
    (child) =>
      Effect.promise(async () => {
        const gone = once(child, "exit")
        if (child.exitCode === null && child.kill("SIGKILL")) await gone
      })
  )
  const ask = (path: string) =>
    Effect.tryPromise(async (signal): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.json()
    })
  yield* until(
    "Prometheus is ready",
    Effect.as(
      Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/-/ready`)),
      true
    )
  )
  return {
    /** The series of an expression as they are now; fails where it is none. */
    query: (expr: string) =>
      Effect.map(
        Effect.flatMap(ask(`/api/v1/query?query=${encodeURIComponent(expr)}`), decodeAnswer),
        ({ data }) => data.result
      ),
    /** Names of the alerts that fire. */
    firing: Effect.map(
      Effect.flatMap(ask("/api/v1/alerts"), decodeAlerts),
      ({ data }) =>
        new Set(
          data.alerts.flatMap(({ labels, state }) => (state === "firing" ? [labels["alertname"] ?? ""] : []))
        )
    )
  }
})
