import { control } from "./dashboards/Control.ts"
import { dashboardModel } from "./dashboards/GrafanaModel.ts"
import { ingestor } from "./dashboards/Ingestor.ts"
import { replayer } from "./dashboards/Replayer.ts"
import { stream } from "./dashboards/Stream.ts"
import { worker } from "./dashboards/Worker.ts"

export const dashboards = [stream, ingestor, worker, replayer, control]

/** The text of each file below `monitoring/grafana/dashboards`. */
export const dashboardFiles: ReadonlyMap<string, string> = new Map(
  dashboards.map((dashboard) => [
    `${dashboard.name}.json`,
    `${JSON.stringify(dashboardModel(dashboard), null, 2)}\n`
  ])
)

/** Every query of all dashboards, which are named by their titles, and those that choices are made from. */
export const dashboardQueries: ReadonlyArray<{
  readonly dashboard: string
  readonly panel: string
  readonly expr: string
}> = dashboards.flatMap(({ title: dashboard, choices, sections }) => [
  ...choices.map(({ name, of }) => ({ dashboard, panel: `choice of ${name}`, expr: of })),
  ...sections.flatMap(({ panels }) =>
    panels.flatMap(({ title: panel, lines }) => lines.map(([expr]) => ({ dashboard, panel, expr })))
  )
])
