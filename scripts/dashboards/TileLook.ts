import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  PercentChangeColorMode,
  VizOrientation
} from "@grafana/grafana-foundation-sdk/common"
import {
  type FieldConfigSource,
  MappingType,
  type Panel,
  SpecialValueMatch,
  type Threshold,
  ThresholdsMode,
  type ValueMapping
} from "@grafana/grafana-foundation-sdk/dashboard"
import type * as stat from "@grafana/grafana-foundation-sdk/stat"
import type { Color, Tile } from "./Panel.ts"

const textOf = ({ lines, names }: Tile): BigValueTextMode => {
  if (names) return BigValueTextMode.Name
  return lines.some(([, legend]) => legend !== "") ? BigValueTextMode.ValueAndName : BigValueTextMode.Value
}

/** Its ground is coloured where a colour says something. */
const optionsOf = (tile: Tile): stat.Options => ({
  graphMode: BigValueGraphMode.None,
  colorMode:
    tile.limit === undefined && tile.words === undefined
      ? BigValueColorMode.None
      : BigValueColorMode.Background,
  justifyMode: BigValueJustifyMode.Auto,
  textMode: textOf(tile),
  wideLayout: true,
  showPercentChange: false,
  percentChangeColorMode: PercentChangeColorMode.Standard,
  orientation: VizOrientation.Auto,
  reduceOptions: { calcs: ["lastNotNull"] }
})

const stepsOf = ({ limit }: Tile): Array<Threshold> => [
  { value: null, color: colorOf("green") },
  ...(limit === undefined ? [] : [{ value: limit, color: colorOf("red") }])
]

/** Grafana's names for colours, but for one that it has no name for. */
const colorOf = (color: Color): string => (color === "grey" ? "#5b5e66" : color)

const mappingsOf = ({ words = {}, empty }: Tile): Array<ValueMapping> => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(words).map(([value, [text, color]], index) => [
        value,
        { text, color: colorOf(color), index }
      ])
    )
  },
  ...(empty === undefined
    ? []
    : [
        {
          type: MappingType.SpecialValue as const,
          options: { match: SpecialValueMatch.Null, result: { text: empty, color: colorOf("grey") } }
        }
      ])
]

const fieldsOf = (tile: Tile): FieldConfigSource => ({
  defaults: {
    unit: tile.unit,
    ...(tile.unit === "percentunit" ? { decimals: 1 } : {}),
    thresholds: { mode: ThresholdsMode.Absolute, steps: stepsOf(tile) },
    mappings: mappingsOf(tile)
  },
  overrides: []
})

export const tileLook = (tile: Tile): Pick<Panel, "type" | "fieldConfig" | "options"> => ({
  type: "stat",
  fieldConfig: fieldsOf(tile),
  options: optionsOf(tile)
})
