import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse } from "yaml"
import { dashboardQueries } from "../../scripts/Dashboards.ts"
import { cli } from "../../src/main/Cli.ts"
import { roleMetrics } from "../../src/main/MetricsReference.ts"
import { describeWith } from "../servers/DescribeWith.ts"

const root = new URL("../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")
const run = (command: string, ...args: ReadonlyArray<string>) =>
  promisify(execFile)(command, args, { cwd: root })

const Rules = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({
      rules: Schema.Array(
        Schema.Struct({
          alert: Schema.String,
          expr: Schema.String,
          for: Schema.optionalKey(Schema.String),
          labels: Schema.Struct({ severity: Schema.Literals(["critical", "warning"]) }),
          annotations: Schema.Struct({
            summary: Schema.String,
            description: Schema.String,
            runbook_url: Schema.String
          })
        })
      )
    })
  )
})
const rules = Schema.decodeUnknownSync(Rules)(parse(read("monitoring/rules.yml"))).groups.flatMap(
  (group) => group.rules
)

/** The contract's alerts and their severities. */
const promised = {
  IngestorStalled: "critical",
  HighIngestLatency: "warning",
  ReplayerStalled: "critical",
  ReplayerHighFailureRate: "warning",
  HighReplayLatency: "warning",
  RedisStreamNearCapacity: "warning",
  KafkaConsumerLagCritical: "critical",
  JobLeaseExpiredWithRunningState: "warning",
  ControlPlaneDown: "critical",
  SlotRetainedWalHigh: "critical"
} as const

describe("alerts", () => {
  it("are those of the contract, each with a runbook of what it means, how to confirm, to mend and to prevent it", () => {
    assert.deepStrictEqual(
      Object.fromEntries(rules.map(({ alert, labels }) => [alert, labels.severity])),
      promised
    )
    for (const { alert, annotations } of rules) {
      assert.strictEqual(annotations.runbook_url, `docs/runbooks/${alert}.md`)
      const page = read(annotations.runbook_url)
      assert.deepStrictEqual(
        Array.from(page.matchAll(/^#+ (.+)$/gmu), ([, title]) => title),
        [alert, "What it means", "Confirm", "Mend", "Prevent"]
      )
    }
    assert.strictEqual(readdirSync(new URL("docs/runbooks", root)).length, Object.keys(promised).length)
  })

  it("and dashboards name only metrics that some process has", () => {
    const known = new Set(["up", "ALERTS"])
    for (const { name, type } of Object.values(roleMetrics).flat())
      for (const suffix of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""])
        known.add(name + suffix)
    const asked = [
      ...rules.map(({ alert, expr }) => [alert, expr] as const),
      ...dashboardQueries.map(({ dashboard, expr }) => [dashboard, expr] as const)
    ]
    for (const [where, expr] of asked) {
      const named = expr.match(/\b(?:walstream|process|nodejs)_\w+|\bup\b|\bALERTS\b/gu) ?? []
      assert.isNotEmpty(named, expr)
      assert.deepStrictEqual(
        named.filter((name) => !known.has(name)),
        [],
        where
      )
    }
  })
})

describe("runbooks", () => {
  const pages = readdirSync(new URL("docs/runbooks/", root)).map(
    (name) => [name, read(`docs/runbooks/${name}`)] as const
  )
  const metrics = new Set(
    Object.values(roleMetrics)
      .flat()
      .map(({ name }) => name)
  )

  it("name metrics that there are, in the dashboards where they are to be seen", () => {
    for (const [page, text] of pages)
      for (const section of text.split(/^## /mu)) {
        const named = section.match(/\b(?:walstream|process|nodejs)_[a-z_]+/gu) ?? []
        assert.deepStrictEqual(
          named.filter((name) => !metrics.has(name)),
          [],
          page
        )
        const [, list] = /dashboards? ((?:"[^"]+"(?: and[^"]*)?)+)/u.exec(section) ?? []
        if (list === undefined) continue
        const titles = Array.from(list.matchAll(/"([^"]+)"/gu), ([, title]) => `WalStream: ${title}`)
        const shown = dashboardQueries.filter(({ dashboard }) => titles.includes(dashboard))
        assert.sameMembers([...new Set(shown.map(({ dashboard }) => dashboard))], titles, page)
        for (const name of named)
          assert.isTrue(
            shown.some(({ expr }) => expr.includes(name)),
            `${page}: ${name}`
          )
      }
  })

  it("name commands that there are", () => {
    const tree = cli.subcommands.flatMap(({ commands }) => commands)
    const words = new Set(
      tree.flatMap(({ name, subcommands }) => [
        name,
        ...subcommands.flatMap(({ commands }) => commands).map((sub) => `${name} ${sub.name}`)
      ])
    )
    for (const [page, text] of pages)
      for (const [, command = ""] of text.matchAll(/npx walstream ([a-z]+(?: [a-z]+)?)/gu))
        assert.isTrue(words.has(command), `${page}: ${command}`)
  })
})

describeWith("prometheus", "by Prometheus' own tools", () => {
  it("the configuration is right, and each alert fires when it should and not when it should not", async () => {
    await run("promtool", "check", "config", "monitoring/prometheus.yml")
    await run("promtool", "test", "rules", "monitoring/rules.test.yml")
    const tested = read("monitoring/rules.test.yml")
    for (const { alert } of rules) {
      const expected = tested.split(`alertname: ${alert}\n`).slice(1)
      const isQuiet = (rest: string) => rest.trimStart().startsWith("exp_alerts: []")
      assert.isTrue(expected.some(isQuiet), `${alert} not firing`)
      assert.isTrue(!expected.every(isQuiet), `${alert} firing`)
    }
  })

  it("in Kubernetes each pod gets the labels that rules go by", async () => {
    const folder = await mkdtemp(join(tmpdir(), "walstream-discovery-"))
    const path = join(folder, "prometheus.yml")
    const pod = {
      __meta_kubernetes_pod_label_app: "walstream",
      __meta_kubernetes_pod_label_role: "ingestor",
      __meta_kubernetes_pod_label_source: "shop",
      __meta_kubernetes_pod_name: "walstream-ingestor-0",
      __meta_kubernetes_pod_container_port_name: "metrics"
    }
    // Debian's Prometheus knows no Kubernetes: what it would find there is written down.
    const found = [
      { targets: ["10.0.0.1:9090"], labels: pod },
      { targets: ["10.0.0.1:50051"], labels: { ...pod, __meta_kubernetes_pod_container_port_name: "grpc" } }
    ]
    await writeFile(
      path,
      read("monitoring/prometheus-kubernetes.yml")
        .replace("kubernetes_sd_configs: [{ role: pod }]", `static_configs: ${JSON.stringify(found)}`)
        .replace("[rules.yml]", "[]")
    )
    let labelled: ReadonlyArray<{ readonly labels: Readonly<Record<string, string>> }> = []
    // It lists what it has found by then, which on a busy machine may be nothing.
    for (const timeout of ["1s", "5s", "25s"]) {
      const { stdout } = await run(
        "promtool",
        "check",
        "service-discovery",
        `--timeout=${timeout}`,
        path,
        "walstream"
      )
      labelled = JSON.parse(stdout) ?? []
      if (labelled.length === found.length) break
    }
    await rm(folder, { recursive: true })
    const [ingestor, grpc] = labelled.map(({ labels }) => labels)
    assert.deepInclude(ingestor, {
      __address__: "10.0.0.1:9090",
      job: "walstream-ingestor",
      source: "shop",
      instance: "walstream-ingestor-0"
    })
    assert.deepStrictEqual(grpc, {})
  })

  it("alerts go to the pager or the chat", async () => {
    await run("amtool", "check-config", "monitoring/alertmanager.yml")
    for (const { alert, labels } of rules) {
      const { stdout } = await run(
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file=monitoring/alertmanager.yml",
        `alertname=${alert}`,
        `severity=${labels.severity}`
      )
      assert.strictEqual(stdout.trim(), labels.severity === "critical" ? "pager" : "chat")
    }
  })
})
