import { existsSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { parse, parseAllDocuments } from "yaml"
import { readRoleSettings } from "../../src/main/RoleSettings.ts"
import { definitions } from "../../src/main/SettingDefinitions.ts"

const at = (path: string) => new URL(`../../${path}`, import.meta.url)
const read = (path: string) => readFileSync(at(path), "utf8")

const Container = Schema.Struct({
  image: Schema.String,
  args: Schema.Array(Schema.String),
  env: Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String }))),
  ports: Schema.Array(Schema.Struct({ name: Schema.String, containerPort: Schema.Int })),
  livenessProbe: Schema.Struct({ httpGet: Schema.Struct({ path: Schema.String, port: Schema.String }) }),
  readinessProbe: Schema.Struct({ httpGet: Schema.Struct({ path: Schema.String, port: Schema.String }) }),
  volumeMounts: Schema.Array(Schema.Struct({ name: Schema.String, mountPath: Schema.String }))
})
const Workload = Schema.Struct({
  kind: Schema.Literals(["StatefulSet", "Deployment"]),
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({
    replicas: Schema.Int,
    serviceName: Schema.optionalKey(Schema.String),
    podManagementPolicy: Schema.optionalKey(Schema.String),
    template: Schema.Struct({
      metadata: Schema.Struct({ labels: Schema.Record(Schema.String, Schema.String) }),
      spec: Schema.Struct({
        terminationGracePeriodSeconds: Schema.Int,
        automountServiceAccountToken: Schema.Literal(false),
        containers: Schema.Tuple([Container])
      })
    })
  })
})
const Config = Schema.Struct({
  kind: Schema.Literal("ConfigMap"),
  data: Schema.Record(Schema.String, Schema.String)
})

const Service = Schema.Struct({
  kind: Schema.Literal("Service"),
  metadata: Schema.Struct({ name: Schema.String })
})
const Budget = Schema.Struct({
  kind: Schema.Literal("PodDisruptionBudget"),
  spec: Schema.Struct({
    maxUnavailable: Schema.Literal(1),
    selector: Schema.Struct({ matchLabels: Schema.Record(Schema.String, Schema.String) })
  })
})
const Scrapes = Schema.Struct({
  scrape_configs: Schema.Tuple([
    Schema.Struct({
      relabel_configs: Schema.Array(
        Schema.Struct({
          source_labels: Schema.Array(Schema.String),
          regex: Schema.optionalKey(Schema.String),
          replacement: Schema.optionalKey(Schema.String),
          target_label: Schema.optionalKey(Schema.String),
          action: Schema.optionalKey(Schema.String)
        })
      )
    })
  ])
})

const manifest = read("deploy/kubernetes/walstream.yaml")
const documents = parseAllDocuments(manifest).map((document): unknown => document.toJS())
const workloads = documents.filter(Schema.is(Workload))
const [config] = documents.filter(Schema.is(Config))

/** What the head of the file asks for. */
const secret: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://u:p@control:5432/walstream",
  SOURCE_URL: "postgres://u:p@source:5432/app",
  TARGET_URL: "postgres://u:p@target:5432/app",
  REDIS_URL: "redis://redis:6379",
  SECRET_KEY: "c0d4e8f2-aa17-4b7e-9d21-55e0b1f3c9a6",
  ADMIN_PASSWORD: "a password",
  REPLAYER_TOKEN: "19f0c2d4-be17-4b7e-8d21-55e0b1f3c9a6"
}

const roles = ["ingestor", "worker", "replayer", "control"] as const
const metricsPorts = { ingestor: 9090, worker: 9094, replayer: 9092, control: 9091 }
const containerOf = (role: string) => {
  const found = workloads.find(({ metadata }) => metadata.name === `walstream-${role}`)
  if (found === undefined) throw new Error(`no workload for ${role}`)
  const { template } = found.spec
  return { workload: found, template, pod: template.spec, container: template.spec.containers[0] }
}

describe("the manifests for Kubernetes", () => {
  it("give each role what it needs, and only settings that there are", () => {
    const [head = ""] = manifest.split("apiVersion")
    for (const name of Object.keys(secret)) assert.include(head, name)
    const known = new Set(Object.values(definitions).map(({ name }) => name))
    for (const role of roles) {
      const own = Object.fromEntries(
        (containerOf(role).container.env ?? []).map(({ name, value }) => [name, value])
      )
      const environment = { ...config?.data, ...secret, ...own }
      assert.deepStrictEqual(
        Object.keys(environment).filter((name) => !known.has(name)),
        []
      )
      const settings = readRoleSettings(role, environment)
      assert.deepStrictEqual(Result.isFailure(settings) ? settings.failure.problems : [], [], role)
      // What listens inside a pod is reached from outside of it.
      if (Result.isSuccess(settings)) assert.strictEqual(settings.success.settings.metricsHost, "0.0.0.0")
    }
  })

  it("run files that the build makes, look at the right port, and give more time to stop than it takes", () => {
    for (const role of roles) {
      const { container, pod } = containerOf(role)
      const [file = ""] = container.args
      assert.isTrue(existsSync(at(file.replace(/^dist\//u, "").replace(/js$/u, "ts"))), file)
      const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]))
      assert.strictEqual(ports.get("metrics"), metricsPorts[role])
      assert.deepStrictEqual(container.livenessProbe.httpGet, { path: "/health/live", port: "metrics" })
      assert.deepStrictEqual(container.readinessProbe.httpGet, { path: "/health/ready", port: "metrics" })
      const drain = container.env?.find(({ name }) => name === "SHUTDOWN_DRAIN_SECONDS")?.value ?? "0"
      assert.isAtLeast(pod.terminationGracePeriodSeconds, 25 + Number(drain))
    }
    const { container: ingestor, workload } = containerOf("ingestor")
    // The one that stands by is never ready: in order, a third one and every upgrade would wait for it.
    assert.strictEqual(workload.spec.podManagementPolicy, "Parallel")
    const services = documents.filter(Schema.is(Service)).map(({ metadata }) => metadata.name)
    assert.include(services, workload.spec.serviceName)
    assert.include(
      ingestor.volumeMounts.map(({ mountPath }) => mountPath),
      "/var/lib/walstream"
    )
  })

  it("lose one pod of a role at a time when nodes are emptied", () => {
    const budgets = documents.filter(Schema.is(Budget)).map(({ spec }) => spec.selector.matchLabels)
    const several = workloads.filter(({ spec }) => spec.replicas > 1)
    assert.deepStrictEqual(
      budgets,
      several.map(({ spec }) => spec.template.metadata.labels)
    )
    assert.strictEqual(several.length, 3)
  })
})

describe("Prometheus in Kubernetes", () => {
  const text = read("monitoring/prometheus-kubernetes.yml")
  it("finds every role's pods, under the names that rules go by", () => {
    const {
      scrape_configs: [only]
    } = Schema.decodeUnknownSync(Scrapes)(parse(text))
    const [keep, job, source] = only.relabel_configs
    const label = (name: string) => `__meta_kubernetes_pod_label_${name}`
    assert.deepInclude(keep, { action: "keep", regex: "walstream;metrics" })
    assert.deepInclude(job, {
      source_labels: [label("role")],
      replacement: "walstream-$1",
      target_label: "job"
    })
    assert.deepInclude(source, { source_labels: [label("source")], target_label: "source" })
    for (const role of roles) {
      const { labels } = containerOf(role).template.metadata
      assert.deepInclude(labels, { app: "walstream", role })
      assert.include(read("monitoring/prometheus.yml"), `job_name: walstream-${role}\n`)
    }
    const ingestor = containerOf("ingestor").template.metadata.labels
    const settings = readRoleSettings("ingestor", { ...config?.data, ...secret })
    assert.isTrue(Result.isSuccess(settings))
    if (Result.isSuccess(settings)) assert.strictEqual(ingestor["source"], settings.success.settings.sourceId)
  })
})

describe("the unit for systemd", () => {
  const unit = read("deploy/systemd/walstream@.service")
  it("runs files that the build makes, gives time to stop, and leaves a wrong setting to a person", () => {
    assert.match(unit, /^ExecStart=\S+node .*dist\/src\/main\/%i\.js$/mu)
    for (const role of roles) assert.isTrue(existsSync(at(`src/main/${role}.ts`)))
    assert.match(unit, /^TimeoutStopSec=30$/mu)
    assert.match(unit, /^RestartPreventExitStatus=78$/mu)
    const known = new Set(Object.values(definitions).map(({ name }) => name))
    for (const [, name = ""] of unit.matchAll(/(?<=Environment=.*)\b([A-Z_]+)=/gu))
      assert.isTrue(known.has(name), name)
  })
})
