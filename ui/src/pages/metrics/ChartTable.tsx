import { For } from "solid-js"
import "../../kit/Table.css"
import { clockText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import type { Series, TableRow } from "./ChartData.ts"

interface ChartTableProps {
  readonly title: string
  readonly series: ReadonlyArray<Series>
  readonly rows: ReadonlyArray<TableRow>
  readonly write: (value: number | null) => string
}

/** A chart's figures as they were when somebody asked for them. */
export const ChartTable = (props: ChartTableProps) => {
  const { preferences } = useApp()
  return (
    <section data-part="table" tabindex="0" aria-label={`${props.title}, table`}>
      <table class="table">
        <caption class="sr-only">{props.title}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <For each={props.series}>
              {({ name }) => (
                <th scope="col" class="num">
                  {name}
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={props.rows}>
            {(row) => (
              <tr>
                <td>{clockText(new Date(row.at), preferences.values.zone)}</td>
                <For each={row.values}>{(value) => <td class="num">{props.write(value)}</td>}</For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  )
}
