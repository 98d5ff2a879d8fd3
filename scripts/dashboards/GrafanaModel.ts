import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common"
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard"
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus"
import { graphLook } from "./GraphLook.ts"
import { placed } from "./Layout.ts"
import type { Choice, Dashboard, Panel } from "./Panel.ts"
import { tileLook } from "./TileLook.ts"

const source: DataSourceRef = { type: "prometheus", uid: "walstream" }

const link: grafana.DashboardLink = {
  type: grafana.DashboardLinkType.Dashboards,
  title: "WalStream",
  icon: "dashboard",
  tooltip: "",
  tags: ["walstream"],
  asDropdown: true,
  targetBlank: false,
  includeVars: false,
  keepTime: true
}

const variableOf = ({ name, of }: Choice): grafana.VariableModel => {
  const query = `label_values(${of}, ${name})`
  return {
    type: grafana.VariableType.Query,
    name,
    label: name,
    datasource: source,
    definition: query,
    query: { qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" },
    refresh: grafana.VariableRefresh.OnTimeRangeChanged,
    sort: grafana.VariableSort.AlphabeticalAsc,
    multi: true,
    includeAll: true,
    // Of series without the label, too.
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
    options: []
  }
}

const targetsOf = ({ kind, lines }: Panel) =>
  lines.map(([expr, legend], line) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + line))
      .datasource(source)
      .expr(expr)
      .legendFormat(legend)
    // A tile tells what is so now, not what was so last.
    return (kind === "tile" ? query.instant() : query.range()).build()
  })

const panelOf = (panel: Panel, id: number, gridPos: grafana.GridPos): grafana.Panel => ({
  id,
  title: panel.title,
  ...(panel.alert === undefined
    ? {}
    : { description: `Alert ${panel.alert}: docs/runbooks/${panel.alert}.md` }),
  datasource: source,
  gridPos,
  ...(panel.kind === "graph" ? graphLook(panel) : tileLook(panel)),
  targets: targetsOf(panel)
})

/** As Grafana takes it from a file. */
export const dashboardModel = ({ name, title, choices, sections }: Dashboard): grafana.Dashboard => ({
  uid: `walstream-${name}`,
  title,
  tags: ["walstream"],
  timezone: "browser",
  editable: false,
  graphTooltip: grafana.DashboardCursorSync.Crosshair,
  refresh: "15s",
  schemaVersion: grafana.defaultDashboard().schemaVersion,
  time: { from: "now-1h", to: "now" },
  templating: { list: choices.map(variableOf) },
  annotations: { list: [] },
  links: [link],
  panels: placed(sections).map(({ of, gridPos }, i): grafana.Panel | grafana.RowPanel =>
    "kind" in of
      ? panelOf(of, i + 1, gridPos)
      : { type: "row", id: i + 1, title: of.title, collapsed: false, gridPos, panels: [] }
  )
})
