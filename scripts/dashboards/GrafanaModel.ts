import {
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode
} from "@grafana/grafana-foundation-sdk/common"
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard"
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus"
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries"
import type { Dashboard, Panel } from "./Panel.ts"

const source: DataSourceRef = { type: "prometheus", uid: "walstream" }
const columns = 2
const width = 12
const height = 8

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

const custom: timeseries.FieldConfig = { fillOpacity: 5 }

const options: timeseries.Options = {
  legend: {
    displayMode: LegendDisplayMode.List,
    placement: LegendPlacement.Bottom,
    showLegend: true,
    calcs: []
  },
  tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }
}

const panelOf = ({ title, unit, lines }: Panel, i: number): grafana.Panel => ({
  id: i + 1,
  type: "timeseries",
  title,
  datasource: source,
  gridPos: { x: (i % columns) * width, y: Math.floor(i / columns) * height, w: width, h: height },
  fieldConfig: { defaults: { unit, min: 0, custom }, overrides: [] },
  options,
  targets: lines.map(([expr, legend], line) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + line))
      .datasource(source)
      .expr(expr)
      .legendFormat(legend)
      .build()
  )
})

/** As Grafana takes it from a file. */
export const dashboardModel = ({ name, title, panels }: Dashboard): grafana.Dashboard => ({
  uid: `walstream-${name}`,
  title,
  tags: ["walstream"],
  timezone: "browser",
  editable: false,
  refresh: "15s",
  schemaVersion: grafana.defaultDashboard().schemaVersion,
  time: { from: "now-1h", to: "now" },
  templating: { list: [] },
  annotations: { list: [] },
  links: [link],
  panels: panels.map(panelOf)
})
