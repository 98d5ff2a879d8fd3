import { createSignal, Show } from "solid-js"
import type { ApiKeyJson } from "../../../../src/control/api/ApiKeyJson.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Field, Select } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"
import { createAttempt } from "./CreateAttempt.ts"
import { overlaps } from "./Lifetimes.ts"

interface RotateKeyDialogProps {
  readonly apiKey: ApiKeyJson
  readonly onClose: () => void
  readonly onMade: (name: string, secret: string) => void
}

export const RotateKeyDialog = (props: RotateKeyDialogProps) => {
  const { api } = useApp()
  const [overlap, setOverlap] = createSignal("86400")
  const attempt = createAttempt()
  const rotate = () =>
    attempt.run(
      () =>
        api.call("keys.rotate", {
          params: { id: props.apiKey.id },
          payload: { overlap_seconds: Number(overlap()) }
        }),
      ({ name, key }) => props.onMade(name, key)
    )
  return (
    <Dialog
      title={`New secret for ${props.apiKey.name}`}
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button variant="primary" busy={attempt.busy()} onClick={() => void rotate()}>
            Make the secret
          </Button>
        </>
      }
    >
      <p>
        The key stays the same one, with another secret, which is shown once. Put it where the old one is
        used.
      </p>
      <Field
        label="The old secret stays good for"
        hint="Long enough to change it everywhere without a pause."
      >
        {({ id, describedBy }) => (
          <Select
            id={id}
            aria-describedby={describedBy}
            options={overlaps}
            value={overlap()}
            onChange={setOverlap}
          />
        )}
      </Field>
      <Show when={attempt.problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}
