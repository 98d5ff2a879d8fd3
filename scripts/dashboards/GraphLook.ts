import {
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  TooltipDisplayMode
} from "@grafana/grafana-foundation-sdk/common"
import {
  FieldColorModeId,
  type FieldConfigSource,
  type Panel,
  ThresholdsMode
} from "@grafana/grafana-foundation-sdk/dashboard"
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries"
import type { Graph } from "./Panel.ts"

const options: timeseries.Options = {
  legend: {
    displayMode: LegendDisplayMode.List,
    placement: LegendPlacement.Bottom,
    showLegend: true,
    calcs: []
  },
  tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }
}

/** An axis of counts does not end at 100 because there is nothing to count. */
const customOf = ({ steps, limit, unit }: Graph): timeseries.FieldConfig => ({
  fillOpacity: 5,
  ...(unit === "short" ? { axisSoftMax: 1 } : {}),
  ...(steps === undefined ? {} : { lineInterpolation: LineInterpolation.StepAfter }),
  ...(limit === undefined ? {} : { thresholdsStyle: { mode: GraphThresholdsStyleMode.Dashed } })
})

const fieldsOf = (graph: Graph): FieldConfigSource => ({
  defaults: {
    unit: graph.unit,
    min: 0,
    ...(graph.max === undefined ? {} : { max: graph.max }),
    ...(graph.empty === undefined ? {} : { noValue: graph.empty }),
    ...(graph.limit === undefined
      ? {}
      : {
          thresholds: {
            mode: ThresholdsMode.Absolute,
            steps: [
              { value: null, color: "transparent" },
              { value: graph.limit, color: "red" }
            ]
          }
        }),
    custom: customOf(graph)
  },
  overrides: (graph.bad ?? []).map((name) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: FieldColorModeId.Fixed, fixedColor: "red" } }]
  }))
})

export const graphLook = (graph: Graph): Pick<Panel, "type" | "fieldConfig" | "options"> => ({
  type: "timeseries",
  fieldConfig: fieldsOf(graph),
  options
})
