import { Field, Input } from "./Form.tsx"

interface ReasonFieldProps {
  readonly label: string
  readonly hint?: string
  readonly error?: string | undefined
  readonly value: string
  readonly onChange: (reason: string) => void
}

/** Why somebody does what is kept on record, in their own words; as long as the API takes it. */
export const ReasonField = (props: ReasonFieldProps) => (
  <Field label={props.label} hint={props.hint} error={props.error}>
    {({ id, describedBy }) => (
      <Input
        id={id}
        aria-describedby={describedBy}
        maxlength={1000}
        value={props.value}
        onInput={(event) => props.onChange(event.currentTarget.value)}
      />
    )}
  </Field>
)

/** Why what needs a reason cannot be done yet; null when it can. */
export const withoutReason = (reason: string): string | null =>
  reason.trim() === "" ? "Say why first" : null
