import { createSignal, For, Show } from "solid-js"
import { type ColumnChange, columnChanges, lacksOldRow, type RowEvent } from "../lib/ColumnDiff.ts"
import { plural } from "../lib/Numbers.ts"
import { Button } from "./Button.tsx"
import { CellView } from "./CellView.tsx"
import "./ColumnDiff.css"
import { Icon } from "./Icon.tsx"

const words = { changed: "changed", open: "perhaps changed", same: "not changed" } as const

const Line = (props: { readonly column: ColumnChange }) => (
  <tr data-change={props.column.change}>
    <th scope="row">
      {props.column.name}
      <Show when={props.column.isKey}>
        <span data-part="key" title="Part of the replica identity">
          <Icon name="keys" size={12} />
          <span class="sr-only">, part of the replica identity</span>
        </span>
      </Show>
      <span class="sr-only">, {words[props.column.change]}</span>
    </th>
    <Show when={props.column.before}>
      {(cell) => (
        <td data-side="before">
          <CellView name={props.column.name} cell={cell()} />
        </td>
      )}
    </Show>
    <Show when={props.column.after}>
      {(cell) => (
        <td data-side="after">
          <CellView name={props.column.name} cell={cell()} />
        </td>
      )}
    </Show>
  </tr>
)

/** What the columns of the table are called; an insert has no `before`, a delete no `after`. */
const rowHeads = { name: "Column", inserted: "Inserted", deleted: "Deleted" }
const stateHeads: typeof rowHeads = { name: "Field", inserted: "Now", deleted: "Was" }

interface ColumnDiffProps {
  readonly event: RowEvent
  /** It is no row of a table, but what something of ours was and has become. */
  readonly isState?: boolean
}

/** A row's change, a column a line: what changed first, what stayed on request. */
export const ColumnDiff = (props: ColumnDiffProps) => {
  const heads = () => (props.isState === true ? stateHeads : rowHeads)
  const [showsAll, setShowsAll] = createSignal(false)
  const columns = () => columnChanges(props.event)
  const same = () => columns().filter(({ change }) => change === "same").length
  // Where nothing is known to have changed there is nothing to fold away from.
  const isFolded = () => !showsAll() && same() > 0 && same() < columns().length
  const shown = () => (isFolded() ? columns().filter(({ change }) => change !== "same") : columns())
  const operation = () => props.event.operation
  return (
    <div data-component="column-diff">
      <table>
        <caption class="sr-only">What changed, line by line</caption>
        <colgroup>
          <col />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">{heads().name}</th>
            <Show when={operation() !== "insert"}>
              <th scope="col">{operation() === "delete" ? heads().deleted : "Before"}</th>
            </Show>
            <Show when={operation() !== "delete"}>
              <th scope="col">{operation() === "insert" ? heads().inserted : "After"}</th>
            </Show>
          </tr>
        </thead>
        <tbody>
          <For each={shown()}>{(column) => <Line column={column} />}</For>
        </tbody>
      </table>
      <Show when={lacksOldRow(props.event)}>
        <p class="faint">
          PostgreSQL wrote {operation() === "delete" ? "only the key of the old row" : "no old row"}, since
          the table's replica identity is only its key. With <code>REPLICA IDENTITY FULL</code> all of the old
          row would be here.
        </p>
      </Show>
      <Show when={same() > 0 && same() < columns().length}>
        <div>
          <Button size="small" variant="quiet" onClick={() => setShowsAll(!showsAll())}>
            {isFolded() ? `Show ${plural(same(), "unchanged column")}` : "Hide unchanged columns"}
          </Button>
        </div>
      </Show>
    </div>
  )
}
