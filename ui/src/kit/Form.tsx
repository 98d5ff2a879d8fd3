import { createUniqueId, For, type JSX, Show, splitProps } from "solid-js"
import "./Form.css"

interface FieldProps {
  readonly label: string
  /** Under it: what it is for. */
  readonly hint?: JSX.Element | undefined
  /** Why it is refused; said when it appears. */
  readonly error?: string | undefined
  readonly children: (ids: { readonly id: string; readonly describedBy: string | undefined }) => JSX.Element
}

/** A label with its control, hint and fault. */
export const Field = (props: FieldProps) => {
  const id = createUniqueId()
  const describedBy = () =>
    props.error !== undefined ? `${id}-error` : props.hint !== undefined ? `${id}-hint` : undefined
  return (
    <div data-component="field" data-invalid={props.error === undefined ? undefined : ""}>
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        get describedBy() {
          return describedBy()
        }
      })}
      <Show
        when={props.error}
        fallback={
          <Show when={props.hint}>
            <p id={`${id}-hint`} class="faint">
              {props.hint}
            </p>
          </Show>
        }
      >
        <p id={`${id}-error`} data-part="error" role="alert">
          {props.error}
        </p>
      </Show>
    </div>
  )
}

interface InputProps extends JSX.InputHTMLAttributes<HTMLInputElement> {
  readonly mono?: boolean
}

export const Input = (props: InputProps) => {
  const [own, rest] = splitProps(props, ["mono"])
  return <input {...rest} data-component="input" data-mono={own.mono === true ? "" : undefined} />
}

interface SelectProps extends Omit<JSX.SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  readonly options: ReadonlyArray<{ readonly value: string; readonly label: string }>
  readonly onChange: (value: string) => void
}

export const Select = (props: SelectProps) => {
  const [own, rest] = splitProps(props, ["options", "onChange", "value"])
  return (
    <select {...rest} data-component="input" onChange={(event) => own.onChange(event.currentTarget.value)}>
      <For each={own.options}>
        {({ value, label }) => (
          <option value={value} selected={value === own.value}>
            {label}
          </option>
        )}
      </For>
    </select>
  )
}

interface CheckboxProps {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly children: JSX.Element
  readonly title?: string
}

export const Checkbox = (props: CheckboxProps) => (
  <label data-component="checkbox" title={props.title}>
    <input
      type="checkbox"
      checked={props.checked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
    <span>{props.children}</span>
  </label>
)

interface SegmentedProps<A extends string> {
  readonly label: string
  readonly value: A | null
  readonly options: ReadonlyArray<{ readonly value: A; readonly label: string; readonly title?: string }>
  readonly onChange: (value: A) => void
}

/** One of a few, all in sight. */
export const Segmented = <A extends string>(props: SegmentedProps<A>) => {
  const name = createUniqueId()
  return (
    <fieldset data-component="segmented">
      <legend class="sr-only">{props.label}</legend>
      <For each={props.options}>
        {({ value, label, title }) => (
          <label title={title}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === props.value}
              onChange={() => props.onChange(value)}
            />
            <span>{label}</span>
          </label>
        )}
      </For>
    </fieldset>
  )
}
