import { createEffect, createSignal, type JSX, on, onCleanup } from "solid-js"
import { type Operation, operations } from "../../../../src/domain/Change.ts"
import { Input, Segmented } from "../../kit/Form.tsx"
import { Icon } from "../../kit/Icon.tsx"
import { Kbd } from "../../kit/Marks.tsx"
import { parseFilter, type TextFilter, writeFilter } from "./FilterText.ts"

interface FilterValue extends TextFilter {
  readonly operation: Operation | ""
}

interface EventFiltersProps {
  readonly value: FilterValue
  readonly onChange: (change: Partial<FilterValue>) => void
  readonly status: JSX.Element
}

const choices = [
  { value: "" as const, label: "All" },
  ...operations.map((value) => ({ value, label: `${value[0]?.toUpperCase()}${value.slice(1)}` }))
]

/** Milliseconds after the last key. */
const pause = 350

export const EventFilters = (props: EventFiltersProps) => {
  const held = () => writeFilter(props.value)
  const [typed, setTyped] = createSignal(held())
  // Another address, another text; but never under the hands of who types.
  createEffect(
    on(held, (text) => {
      if (writeFilter(parseFilter(typed())) !== text) setTyped(text)
    })
  )
  createEffect(
    on(
      typed,
      (text) => {
        const timer = setTimeout(() => {
          if (writeFilter(parseFilter(text)) !== held()) props.onChange(parseFilter(text))
        }, pause)
        onCleanup(() => clearTimeout(timer))
      },
      { defer: true }
    )
  )
  return (
    <search data-component="event-filters">
      <div data-part="filter">
        <Icon name="search" size={14} />
        <Input
          type="text"
          aria-label="Filter: table:orders key:5120 and any text"
          placeholder="table:orders key:5120 any text"
          autocomplete="off"
          spellcheck={false}
          value={typed()}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur()
          }}
        />
        <Kbd>/</Kbd>
      </div>
      <Segmented
        label="Operation"
        options={choices}
        value={props.value.operation}
        onChange={(operation) => props.onChange({ operation })}
      />
      <span class="grow" />
      <span class="faint">{props.status}</span>
    </search>
  )
}
