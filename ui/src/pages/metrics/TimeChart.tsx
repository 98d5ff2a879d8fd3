import { createMemo, createSignal, For, Show } from "solid-js"
import { Button } from "../../kit/Button.tsx"
import { Card } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"
import { columnsOf, extentOf, type Series, type TableRow, tableOf } from "./ChartData.ts"
import { ChartLine } from "./ChartLine.tsx"
import { ChartTable } from "./ChartTable.tsx"
import { Plot, type Span } from "./Plot.tsx"
import "./TimeChart.css"

interface TimeChartProps {
  readonly title: string
  readonly unit: string
  readonly series: ReadonlyArray<Series>
  readonly span: Span
  /** Of a value, with its unit where that is not the chart's. */
  readonly write: (value: number | null) => string
  /** Of an axis: shorter. */
  readonly writeAxis: (value: number) => string
  readonly onZoom: (span: Span) => void
  readonly onReset: () => void
}

/** Figures over time: as a picture, in a sentence, and as a table. */
export const TimeChart = (props: TimeChartProps) => {
  const { history } = useApp()
  // As it was when it was asked for: nothing moves under the eye.
  const [table, setTable] = createSignal<ReadonlyArray<TableRow> | null>(null)
  const [point, setPoint] = createSignal<number | null>(null)
  const columns = createMemo(() => columnsOf(history(), props.series, props.span))
  const column = (i: number) => columns()[i + 1] ?? []
  const shown = (i: number) => {
    const at = point()
    return at === null ? (column(i).at(-1) ?? null) : (column(i)[at] ?? null)
  }
  const summary = () =>
    props.series
      .map(({ name }, i) => {
        const { last, least, most } = extentOf(column(i))
        return `${name}: now ${props.write(last)}, between ${props.write(least)} and ${props.write(most)}`
      })
      .join("; ")
  return (
    <Card
      title={props.title}
      note={props.unit}
      actions={
        <Button
          size="small"
          variant="quiet"
          onClick={() => setTable(table() === null ? tableOf(columns()) : null)}
        >
          {table() === null ? "View as table" : "View as chart"}
        </Button>
      }
    >
      <figure data-component="time-chart">
        <div data-part="legend" aria-hidden="true">
          <For each={props.series}>
            {(series, i) => (
              <span>
                <ChartLine series={series} />
                {series.name} <b>{props.write(shown(i()))}</b>
              </span>
            )}
          </For>
        </div>
        <Show
          when={table()}
          fallback={
            <Plot
              series={props.series}
              columns={columns()}
              span={props.span}
              write={props.writeAxis}
              onZoom={props.onZoom}
              onReset={props.onReset}
              onPoint={setPoint}
            />
          }
        >
          {(rows) => (
            <ChartTable title={props.title} series={props.series} rows={rows()} write={props.write} />
          )}
        </Show>
        <figcaption class="sr-only">
          {props.title}, {props.unit}. {summary()}.
        </figcaption>
      </figure>
    </Card>
  )
}
