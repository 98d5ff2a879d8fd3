import { createSignal, Show } from "solid-js"
import { dedupeModes, mismatchModes } from "../../../../src/domain/Job.ts"
import { Checkbox, Field, Input, Segmented, Select } from "../../kit/Form.tsx"
import { SpeedControl } from "../../kit/SpeedControl.tsx"
import { Card } from "../../kit/Surface.tsx"
import { inputText, parseInput, zoneName } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import type { JobForm } from "./Form.ts"
import { TableChooser } from "./TableChooser.tsx"

interface JobFieldsProps {
  readonly form: JobForm
  readonly onChange: (change: Partial<JobForm>) => void
  /** Of the server, by field. */
  readonly errors: ReadonlyMap<string, string>
}

const speeds = [
  { value: "0.5", label: "0.5×" },
  { value: "1", label: "1×" },
  { value: "4", label: "4×" },
  { value: "10", label: "10×" },
  { value: "100", label: "100×" },
  { value: "max", label: "As fast as possible" }
] as const

const dedupeWords = {
  target: "what any replay applied there",
  job: "only what this replay applied",
  off: "nothing: apply all again"
} as const
const mismatchWords = { converge: "make it what the history says", fail: "stop the replay" } as const

interface TimeFieldProps {
  readonly label: string
  readonly value: string | null
  readonly empty: string
  readonly error: string | undefined
  readonly onChange: (text: string | null) => void
}

/** A time as it is written in the reader's zone, or pasted with its own. */
const TimeField = (props: TimeFieldProps) => {
  const { preferences, now } = useApp()
  const zone = () => preferences.values.zone
  const [fault, setFault] = createSignal<string>()
  return (
    <Field
      label={`${props.label} (${zoneName(now(), zone())})`}
      error={fault() ?? props.error}
      hint={`Left empty: ${props.empty}`}
    >
      {({ id, describedBy }) => (
        <Input
          id={id}
          mono
          aria-describedby={describedBy}
          placeholder={props.empty}
          value={props.value === null ? "" : inputText(new Date(props.value), zone())}
          onChange={(event) => {
            const text = event.currentTarget.value
            const at = parseInput(text, zone())
            const isWrong = at === undefined && text.trim() !== ""
            setFault(isWrong ? "Such as 2026-11-22 09:40:00, or with an offset" : undefined)
            if (!isWrong) props.onChange(at?.toISOString() ?? null)
          }}
        />
      )}
    </Field>
  )
}

export const JobFields = (props: JobFieldsProps) => {
  const { queries } = useApp()
  const targets = useQuery(queries.targets)
  const names = () =>
    targets.isSuccess ? targets.data.items.map(({ name }) => ({ value: name, label: name })) : []
  return (
    <Card label="What to replay, and how">
      <div class="stack" data-component="job-fields">
        <div data-part="pair">
          <TimeField
            label="From"
            value={props.form.start}
            empty="the beginning of the history"
            error={props.errors.get("start_time")}
            onChange={(start) => props.onChange({ start })}
          />
          <TimeField
            label="Up to"
            value={props.form.follow ? null : props.form.end}
            empty={props.form.follow ? "on and on" : "now"}
            error={props.errors.get("end_time")}
            onChange={(end) => props.onChange({ end, follow: false })}
          />
        </div>
        <div class="stack" data-part="speed">
          <Segmented
            label="Speed"
            options={speeds}
            value={speeds.find(({ value }) => value === String(props.form.speed))?.value ?? null}
            onChange={(speed) => props.onChange({ speed: speed === "max" ? "max" : Number(speed) })}
          />
          <SpeedControl value={props.form.speed} onChange={(speed) => props.onChange({ speed })} />
        </div>
        <div data-part="pair">
          <Field label="Name" hint="For you and others; it can be changed" error={props.errors.get("name")}>
            {({ id, describedBy }) => (
              <Input
                id={id}
                aria-describedby={describedBy}
                maxlength={200}
                value={props.form.name}
                onInput={(event) => props.onChange({ name: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label="Target" error={props.errors.get("target")}>
            {({ id }) => (
              <Show
                when={names().length > 0}
                fallback={<p class="muted">None is configured (TARGET_URL): it can only be a dry run.</p>}
              >
                <Select
                  id={id}
                  options={names()}
                  value={props.form.target}
                  onChange={(target) => props.onChange({ target })}
                />
              </Show>
            )}
          </Field>
        </div>
        <TableChooser value={props.form.tables} onChange={(tables) => props.onChange({ tables })} />
        <div class="row">
          <Checkbox checked={props.form.dryRun} onChange={(dryRun) => props.onChange({ dryRun })}>
            Dry run: write nothing, tell what would happen
          </Checkbox>
          <Checkbox checked={props.form.follow} onChange={(follow) => props.onChange({ follow })}>
            Follow: go on with what comes
          </Checkbox>
          <Checkbox
            checked={props.form.maxGapSeconds !== null}
            onChange={(isOn) => props.onChange({ maxGapSeconds: isOn ? 30 : null })}
          >
            Shorten idle time to 30 s
          </Checkbox>
        </div>
        <details>
          <summary>If the target is not as the history says</summary>
          <div data-part="pair">
            <Field label="Skip as already applied">
              {({ id }) => (
                <Select
                  id={id}
                  value={props.form.dedupe}
                  options={dedupeModes.map((value) => ({ value, label: dedupeWords[value] }))}
                  onChange={(value) =>
                    props.onChange({ dedupe: dedupeModes.find((mode) => mode === value) ?? "target" })
                  }
                />
              )}
            </Field>
            <Field label="A row that is different">
              {({ id }) => (
                <Select
                  id={id}
                  value={props.form.onMismatch}
                  options={mismatchModes.map((value) => ({ value, label: mismatchWords[value] }))}
                  onChange={(value) =>
                    props.onChange({ onMismatch: mismatchModes.find((mode) => mode === value) ?? "converge" })
                  }
                />
              )}
            </Field>
          </div>
        </details>
      </div>
    </Card>
  )
}
