import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { parse } from "yaml"
import { dashboardFiles, dashboards } from "../../scripts/Dashboards.ts"
import { alertNames } from "../../scripts/dashboards/AlertNames.ts"
import type { Graph, Panel } from "../../scripts/dashboards/Panel.ts"
import { stream } from "../../scripts/dashboards/Stream.ts"

const root = new URL("../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")
const readYaml = <A>(schema: Schema.Decoder<A>, path: string): A =>
  Schema.decodeUnknownSync(schema)(parse(read(path), { merge: true }))

const Ref = Schema.Struct({ type: Schema.String, uid: Schema.String })
const Place = Schema.Struct({ x: Schema.Int, y: Schema.Int, w: Schema.Int, h: Schema.Int })
const Model = Schema.fromJsonString(
  Schema.Struct({
    uid: Schema.String,
    title: Schema.String,
    templating: Schema.Struct({
      list: Schema.Array(Schema.Struct({ name: Schema.String, datasource: Ref }))
    }),
    panels: Schema.Array(
      Schema.Struct({
        gridPos: Place,
        type: Schema.Literals(["row", "timeseries", "stat"]),
        datasource: Schema.optionalKey(Ref),
        targets: Schema.optionalKey(Schema.Array(Schema.Struct({ datasource: Ref, expr: Schema.String })))
      })
    )
  })
)
const models = Array.from(dashboardFiles, ([file, text]) => ({
  file,
  ...Schema.decodeSync(Model)(text)
}))

const Rules = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({ rules: Schema.Array(Schema.Struct({ alert: Schema.String, expr: Schema.String })) })
  )
})

describe("dashboards", () => {
  it("are the files that Grafana is given (`npm run dashboards`), each of its name", () => {
    const folder = new URL("monitoring/grafana/dashboards/", root)
    assert.sameMembers(readdirSync(folder), [...dashboardFiles.keys()])
    for (const [name, text] of dashboardFiles)
      assert.strictEqual(read(`monitoring/grafana/dashboards/${name}`), text)
  })

  it("have addresses and titles of their own", () => {
    for (const key of ["uid", "title"] as const)
      assert.strictEqual(new Set(models.map((model) => model[key])).size, models.length)
    // Grafana's bound.
    for (const { uid } of models) assert.isAtMost(uid.length, 40)
  })

  it("have panels beside each other, within the 24 columns of the page", () => {
    for (const { file, panels } of models) {
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`)
      )
      assert.strictEqual(new Set(cells).size, cells.length, file)
      for (const { gridPos } of panels) assert.isAtMost(gridPos.x + gridPos.w, 24, file)
    }
  })

  it("ask for nothing above the panels that is not there, and for all that is", () => {
    for (const { file, panels, templating } of models) {
      const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n")
      const asked = exprs.matchAll(/\$(?!__rate_interval\b)(\w+)/gu)
      assert.sameMembers(
        [...new Set(Array.from(asked, ([, name]) => name))],
        templating.list.map(({ name }) => name),
        file
      )
    }
  })

  it("begin with what each alert watches, red from the alert's own number on", () => {
    const [first] = stream.sections
    const tiles = (first?.panels ?? []).filter(({ alert }) => alert !== undefined)
    assert.sameMembers(
      tiles.map(({ alert }) => alert),
      [...alertNames]
    )
    const rules = readYaml(Rules, "monitoring/rules.yml").groups.flatMap((group) => group.rules)
    for (const { sections } of dashboards)
      for (const { alert, limit } of sections.flatMap(({ panels }): ReadonlyArray<Panel> => panels)) {
        if (alert === undefined) continue
        const [rule] = rules.filter((one) => one.alert === alert)
        assert.isDefined(rule, alert)
        if (limit === undefined) continue
        // A count's first is 1.
        const numbers = Array.from(rule?.expr.matchAll(/> ([\d.]+)/gu) ?? [], ([, number]) => Number(number))
        assert.include(numbers, limit === 1 && numbers.includes(0) ? 0 : limit, alert)
      }
  })

  it("are refused by the types where Grafana does not know a unit", () => {
    const panel: Graph = {
      kind: "graph",
      title: "Memory",
      // @ts-expect-error
      unit: "byte",
      lines: []
    }
    assert.isDefined(panel)
  })
})

const Compose = Schema.Struct({
  services: Schema.Record(
    Schema.String,
    Schema.Struct({
      command: Schema.optionalKey(Schema.Array(Schema.String)),
      ports: Schema.optionalKey(Schema.Array(Schema.String)),
      volumes: Schema.optionalKey(Schema.Array(Schema.String))
    })
  )
})
const DataSources = Schema.Struct({
  datasources: Schema.Tuple([
    Schema.Struct({
      ...Ref.fields,
      url: Schema.String,
      jsonData: Schema.Struct({ timeInterval: Schema.String })
    })
  ])
})
const Providers = Schema.Struct({
  providers: Schema.Tuple([
    Schema.Struct({ type: Schema.Literal("file"), options: Schema.Struct({ path: Schema.String }) })
  ])
})
const Scraping = Schema.Struct({ global: Schema.Struct({ scrape_interval: Schema.String }) })

describe("Grafana is provisioned", () => {
  const { services } = readYaml(Compose, "docker-compose.yml")
  const provisioning = "monitoring/grafana/provisioning"
  const mounts = new Map(
    services["grafana"]?.volumes?.map((mount): [string, string] => {
      const [from = "", to = ""] = mount.split(":")
      return [from, to]
    })
  )
  const {
    datasources: [source]
  } = readYaml(DataSources, `${provisioning}/datasources/prometheus.yml`)

  it("from where its image looks, with the folder of the dashboards where the provider says", () => {
    assert.strictEqual(mounts.get(`./${provisioning}`), "/etc/grafana/provisioning")
    // Those that it reads, by their names.
    assert.sameMembers(readdirSync(new URL(provisioning, root)), ["dashboards", "datasources"])
    const {
      providers: [provider]
    } = readYaml(Providers, `${provisioning}/dashboards/walstream.yml`)
    assert.strictEqual(mounts.get("./monitoring/grafana/dashboards"), provider.options.path)
  })

  it("with the data source that all queries name", () => {
    const refs = models.flatMap(({ panels, templating }) => [
      ...templating.list.map((variable) => variable.datasource),
      ...panels
        .filter(({ type }) => type !== "row")
        .flatMap(({ datasource, targets = [] }) => [datasource, ...targets.map((one) => one.datasource)])
    ])
    assert.isNotEmpty(refs)
    for (const ref of refs) assert.deepStrictEqual(ref, { type: source.type, uid: source.uid })
  })

  it("with Prometheus' port among the containers, and how often it scrapes", () => {
    const { hostname, port } = new URL(source.url)
    assert.deepStrictEqual(
      services[hostname]?.ports?.map((mapping) => mapping.split(":").at(-1)),
      [port]
    )
    const { global } = readYaml(Scraping, "monitoring/prometheus.yml")
    assert.strictEqual(source.jsonData.timeInterval, global.scrape_interval)
  })
})
