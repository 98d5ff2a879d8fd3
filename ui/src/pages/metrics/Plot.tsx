import { createEffect, on, onCleanup, onMount } from "solid-js"
import uPlot from "uplot"
import { clockText, minuteText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import type { Columns, Series } from "./ChartData.ts"

export interface Span {
  /** Milliseconds. */
  readonly from: number
  readonly until: number
}

interface PlotProps {
  readonly series: ReadonlyArray<Series>
  readonly columns: Columns
  readonly span: Span
  /** Of an axis. */
  readonly write: (value: number) => string
  readonly onZoom: (span: Span) => void
  readonly onReset: () => void
  /** The second under the cursor; null when it has left. */
  readonly onPoint: (index: number | null) => void
}

const height = 176

/** What a token is at the moment, as a canvas takes it. */
const colourOf = (element: HTMLElement, token: string): string => {
  element.style.color = `var(${token})`
  const { color } = getComputedStyle(element)
  element.style.color = ""
  return color
}

/** uPlot on a canvas: drag to zoom, double-click to go back, one cursor over all charts of a page. */
export const Plot = (props: PlotProps) => {
  const { preferences } = useApp()
  let place: HTMLDivElement | undefined
  onMount(() => {
    const element = place
    if (element === undefined) return
    const colour = (token: string) => () => colourOf(element, token)
    const axis = { stroke: colour("--faint"), font: "11px Geist, system-ui, sans-serif" }
    const grid = { stroke: colour("--line"), width: 1 }
    const options: uPlot.Options = {
      width: Math.max(120, element.clientWidth),
      height,
      pxAlign: false,
      legend: { show: false },
      cursor: {
        y: false,
        sync: { key: "metrics" },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: {
          dblclick: () => () => {
            props.onReset()
            return null
          }
        }
      },
      scales: {
        x: { time: true, range: () => [props.span.from / 1000, props.span.until / 1000] },
        y: { range: (_, __, most) => [0, Math.max(most * 1.15, 1e-3)] }
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          ticks: { show: false },
          space: 90,
          size: 24,
          values: (_, splits) =>
            splits.map((split) => {
              const write = props.span.until - props.span.from < 300_000 ? clockText : minuteText
              return write(new Date(split * 1000), preferences.values.zone)
            })
        },
        {
          ...axis,
          grid,
          ticks: { show: false },
          space: 28,
          size: 52,
          values: (_, splits) => splits.map((split) => props.write(split))
        }
      ],
      series: [
        {},
        ...props.series.map(
          ({ colour: token, dash, name }): uPlot.Series => ({
            label: name,
            stroke: colour(token),
            width: 1.5,
            spanGaps: false,
            points: { show: false },
            ...(dash === undefined ? {} : { dash: [...dash] })
          })
        )
      ],
      hooks: {
        setSelect: [
          (chart) => {
            const { left, width } = chart.select
            if (width < 8) return
            const at = (x: number) => Math.round(chart.posToVal(x, "x") * 1000)
            chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            props.onZoom({ from: at(left), until: at(left + width) })
          }
        ],
        setCursor: [(chart) => props.onPoint(chart.cursor.idx ?? null)]
      }
    }
    const chart = new uPlot(options, props.columns, element)
    const size = new ResizeObserver(() =>
      chart.setSize({ width: Math.max(120, element.clientWidth), height })
    )
    size.observe(element)
    const redraw = () => chart.redraw(false)
    const dark = matchMedia("(prefers-color-scheme: dark)")
    dark.addEventListener("change", redraw)
    onCleanup(() => {
      size.disconnect()
      dark.removeEventListener("change", redraw)
      chart.destroy()
    })
    createEffect(() => chart.setData(props.columns))
    createEffect(on([() => preferences.values.theme, () => preferences.values.zone], redraw, { defer: true }))
  })
  return (
    <div
      data-part="plot"
      aria-hidden="true"
      ref={(made) => {
        place = made
      }}
    />
  )
}
