import { createSignal, For, Show } from "solid-js"
import { Field, Input } from "../../kit/Form.tsx"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

interface TableChooserProps {
  readonly value: ReadonlyArray<string>
  readonly onChange: (tables: ReadonlyArray<string>) => void
}

const split = (text: string): ReadonlyArray<string> =>
  text
    .split(/[,\n]/u)
    .map((name) => name.trim())
    .filter(Boolean)

/** All tables, or those named; what changed lately is there to be pressed. */
export const TableChooser = (props: TableChooserProps) => {
  const { queries } = useApp()
  const recent = useQuery(queries.recentTables)
  const [fault, setFault] = createSignal<string>()
  const toggle = (table: string) =>
    props.onChange(
      props.value.includes(table) ? props.value.filter((held) => held !== table) : [...props.value, table]
    )
  return (
    <div class="stack" data-component="table-chooser">
      <Field label="Tables" error={fault()} hint="None for all. As schema.table, with commas between.">
        {({ id, describedBy }) => (
          <Input
            id={id}
            aria-describedby={describedBy}
            mono
            placeholder="all"
            value={props.value.join(", ")}
            onChange={(event) => {
              const tables = split(event.currentTarget.value)
              const wrong = tables.find((table) => !/^[^.]+\..+$/u.test(table))
              setFault(wrong === undefined ? undefined : `${wrong} is no schema.table`)
              if (wrong === undefined) props.onChange(tables)
            }}
          />
        )}
      </Field>
      <Show when={recent.isSuccess && recent.data.length > 0}>
        <fieldset class="row">
          <legend class="sr-only">Tables that changed lately</legend>
          <For each={recent.isSuccess ? recent.data : []}>
            {(table) => (
              <button
                type="button"
                data-part="chip"
                aria-pressed={props.value.includes(table)}
                onClick={() => toggle(table)}
              >
                {table}
              </button>
            )}
          </For>
        </fieldset>
      </Show>
    </div>
  )
}
