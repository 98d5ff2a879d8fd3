import { createSignal, Show } from "solid-js"
import { type AuditOutcome, auditOutcomes } from "../../../../src/control/audit/AuditEntry.ts"
import { Button } from "../../kit/Button.tsx"
import { Field, Input, Select } from "../../kit/Form.tsx"
import { inputText, parseInput } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import type { AuditSearch } from "./AuditSearch.ts"

const outcomeOptions = [
  { value: "", label: "any" },
  ...auditOutcomes.map((outcome) => ({ value: outcome, label: outcome }))
]

interface AuditFiltersProps {
  readonly value: AuditSearch
  readonly onChange: (change: Partial<AuditSearch>) => void
}

/** Which lines: what is typed holds when the field is left, or on Enter. */
export const AuditFilters = (props: AuditFiltersProps) => {
  const { preferences } = useApp()
  const [fault, setFault] = createSignal<{ readonly of: "start" | "end" }>()
  const zone = () => preferences.values.zone
  const timeText = (time: string) => (time === "" ? "" : inputText(new Date(time), zone()))
  const text = (name: "actor" | "action" | "target", label: string, placeholder: string) => (
    <Field label={label}>
      {({ id }) => (
        <Input
          id={id}
          value={props.value[name]}
          placeholder={placeholder}
          onChange={(event) => props.onChange({ [name]: event.currentTarget.value.trim() })}
        />
      )}
    </Field>
  )
  const time = (name: "start" | "end", label: string) => (
    <Field label={label} error={fault()?.of === name ? "A time such as 2026-11-22 09:40" : undefined}>
      {({ id, describedBy }) => (
        <Input
          id={id}
          mono
          aria-describedby={describedBy}
          value={timeText(props.value[name])}
          placeholder="2026-11-22 09:40"
          onChange={(event) => {
            const typed = event.currentTarget.value.trim()
            const at = typed === "" ? null : parseInput(typed, zone())
            setFault(at === undefined ? { of: name } : undefined)
            if (at !== undefined) props.onChange({ [name]: at?.toISOString() ?? "" })
          }}
        />
      )}
    </Field>
  )
  return (
    <form data-component="audit-filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      {text("actor", "Who", "a user name")}
      {text("action", "What", "jobs.start")}
      {text("target", "To what", "an id or a name")}
      <Field label="Outcome">
        {({ id }) => (
          <Select
            id={id}
            options={outcomeOptions}
            value={props.value.outcome}
            onChange={(outcome) =>
              props.onChange({
                outcome: auditOutcomes.find((known): known is AuditOutcome => known === outcome) ?? ""
              })
            }
          />
        )}
      </Field>
      {time("start", "From")}
      {time("end", "Before")}
      <Show when={Object.values(props.value).some((value) => value !== "")}>
        <Button
          variant="quiet"
          icon="close"
          onClick={() => {
            setFault(undefined)
            props.onChange({ actor: "", action: "", target: "", outcome: "", start: "", end: "" })
          }}
        >
          Clear filters
        </Button>
      </Show>
    </form>
  )
}
