import { existsSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { parse } from "yaml"
import { readRoleSettings } from "../../src/main/RoleSettings.ts"
import { definitions } from "../../src/main/SettingDefinitions.ts"
import { readSettings } from "../../src/main/Settings.ts"

const at = (path: string) => new URL(`../../${path}`, import.meta.url)

const Service = Schema.Struct({
  image: Schema.String,
  command: Schema.optionalKey(Schema.Array(Schema.String)),
  environment: Schema.optionalKey(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))),
  ports: Schema.optionalKey(Schema.Array(Schema.String)),
  volumes: Schema.optionalKey(Schema.Array(Schema.String)),
  depends_on: Schema.optionalKey(Schema.Record(Schema.String, Schema.Struct({ condition: Schema.String }))),
  healthcheck: Schema.optionalKey(Schema.Struct({ test: Schema.Array(Schema.String) })),
  read_only: Schema.optionalKey(Schema.Boolean),
  profiles: Schema.optionalKey(Schema.Array(Schema.String)),
  secrets: Schema.optionalKey(Schema.Array(Schema.String))
})
const Compose = Schema.Struct({
  services: Schema.Record(Schema.String, Service),
  volumes: Schema.Record(Schema.String, Schema.Null),
  secrets: Schema.Record(Schema.String, Schema.Struct({ file: Schema.String }))
})

const text = readFileSync(at("docker-compose.yml"), "utf8")
const { services, volumes, secrets } = Schema.decodeUnknownSync(Compose)(parse(text, { merge: true }))
const serviceOf = (name: string) => {
  const service = services[name]
  if (service === undefined) throw new Error(`no service ${name}`)
  return service
}

/** Blueprint: processes and ports. The worker has none outside. */
const published = {
  ingestor: ["9090"],
  worker: [],
  replayer: ["50051", "9092"],
  control: ["8000", "8000", "9091"]
} as const
const roles = ["ingestor", "worker", "replayer", "control"] as const

/** What a person writes into `.env`. */
const dotEnv: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: "hunter2",
  SECRET_KEY: "c0d4e8f2-aa17-4b7e-9d21-55e0b1f3c9a6",
  ADMIN_PASSWORD: "a password",
  REPLAYER_TOKEN: "19f0c2d4-be17-4b7e-8d21-55e0b1f3c9a6"
}
const environmentOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(serviceOf(name).environment ?? {}).map(([variable, value]) => [
      variable,
      String(value).replaceAll(
        /\$\{(\w+)(?::[-?]([^}]*))?\}/gu,
        (_, key: string, otherwise: string | undefined) => dotEnv[key] ?? otherwise ?? ""
      )
    ])
  )

describe("docker-compose.yml", () => {
  it("asks in its first lines for what has to be in .env", () => {
    const asked = new Set(Array.from(text.matchAll(/\$\{(\w+):\?/gu), ([, name = ""]) => name))
    assert.sameMembers([...asked], Object.keys(dotEnv))
    const [head = ""] = text.split("\n\n")
    for (const name of asked) assert.include(head, name)
  })

  it("sets only variables that there are, to what they may be, and all that the role needs", () => {
    const known = new Set(Object.values(definitions).map(({ name }) => name))
    for (const role of roles) {
      const environment = environmentOf(role)
      assert.deepStrictEqual(
        Object.keys(environment).filter((name) => !known.has(name)),
        [],
        role
      )
      const read = readRoleSettings(role, environment)
      assert.deepStrictEqual(Result.isFailure(read) ? read.failure.problems : [], [], role)
    }
    assert.isTrue(Result.isSuccess(readSettings(environmentOf("migrate"))))
  })

  it("runs files that the build makes", () => {
    for (const name of [...roles, "migrate"]) {
      const { command = [], healthcheck } = serviceOf(name)
      const files = [...command, ...(healthcheck?.test ?? [])].filter((word) => word.endsWith(".js"))
      assert.isNotEmpty(files, name)
      for (const file of files) {
        const source = file.replace(/^dist\//u, "").replace(/js$/u, "ts")
        assert.isTrue(existsSync(at(source)), `${name}: ${file}`)
      }
    }
  })

  it("publishes each role's ports, on this machine only, and asks the right one for its health", () => {
    for (const role of roles) {
      const { ports = [], healthcheck } = serviceOf(role)
      const environment = environmentOf(role)
      assert.deepStrictEqual(
        ports.map((port) => port.split(":")[2]),
        [...published[role]],
        role
      )
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/u)
      assert.strictEqual(healthcheck?.test.at(-1), environment["METRICS_PORT"], role)
      // What listens inside a container is reached from outside of it.
      if (published[role].length > 0) assert.strictEqual(environment["METRICS_HOST"], "0.0.0.0", role)
    }
  })

  it("names services and volumes that there are, and pins every image", () => {
    for (const [name, { image, depends_on = {}, volumes: mounted = [] }] of Object.entries(services)) {
      assert.match(image, /:v?\d+\.\d+/u, name)
      for (const other of Object.keys(depends_on)) assert.isDefined(services[other], `${name}: ${other}`)
      for (const mount of mounted) {
        const [from = ""] = mount.split(":")
        assert.isTrue(from.startsWith("./") ? existsSync(at(from)) : from in volumes, `${name}: ${mount}`)
      }
    }
  })

  it("watches in a profile of its own: Prometheus scrapes each role where it tells its metrics, alerts have their secrets", () => {
    const watching = { prometheus: "9099", alertmanager: "9093", grafana: "3001" }
    for (const [name, port] of Object.entries(watching)) {
      const { profiles, ports = [] } = serviceOf(name)
      assert.deepStrictEqual(profiles, ["monitoring"], name)
      assert.match(ports.join(" "), new RegExp(`^127\\.0\\.0\\.1:${port}:\\d+$`, "u"), name)
    }
    const scraped: {
      readonly scrape_configs: ReadonlyArray<{
        readonly job_name: string
        readonly static_configs?: ReadonlyArray<{ readonly targets: ReadonlyArray<string> }>
        readonly dns_sd_configs?: ReadonlyArray<{
          readonly names: ReadonlyArray<string>
          readonly port: number
        }>
      }>
    } = parse(readFileSync(at("monitoring/prometheus.yml"), "utf8"))
    assert.sameDeepMembers(
      scraped.scrape_configs.map(({ job_name, static_configs, dns_sd_configs = [] }) => [
        job_name,
        // Of a service with several containers each has its address.
        static_configs?.[0]?.targets ?? dns_sd_configs.map(({ names: [name], port }) => `${name}:${port}`)
      ]),
      roles.map((role) => [`walstream-${role}`, [`${role}:${environmentOf(role)["METRICS_PORT"]}`]])
    )
    const alerting = readFileSync(at("monitoring/alertmanager.yml"), "utf8")
    for (const name of serviceOf("alertmanager").secrets ?? []) {
      assert.match(secrets[name]?.file ?? "", /^\.\/monitoring\/secrets\//u)
      assert.include(alerting, `/run/secrets/${name}\n`)
    }
  })

  it("keeps roles from writing anywhere but where they must", () => {
    for (const role of roles) assert.isTrue(serviceOf(role).read_only, role)
    assert.include(serviceOf("ingestor").volumes?.join(" "), "/var/lib/walstream")
  })
})

describe("the Dockerfile", () => {
  it("copies what is there, and has the Node of package.json", () => {
    const dockerfile = readFileSync(at("docker/Dockerfile"), "utf8")
    const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(at("package.json"), "utf8")
    )
    for (const [, version] of dockerfile.matchAll(/^FROM node:([\d.]+)-/gmu))
      assert.strictEqual(version, manifest.dependencies["node"])
    for (const [, names = ""] of dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gmu))
      for (const name of names.split(" ")) assert.isTrue(existsSync(at(name)), name)
  })
})
