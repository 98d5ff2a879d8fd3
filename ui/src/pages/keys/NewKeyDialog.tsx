import { createSignal, For, Show } from "solid-js"
import { type Scope, scopes } from "../../../../src/control/api/Scope.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Checkbox, Field, Input, Select } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"
import "./NewKeyDialog.css"
import { createAttempt } from "./CreateAttempt.ts"
import { endOf, lifetimes } from "./Lifetimes.ts"

const meanings: Readonly<Record<Scope, string>> = {
  read: "read: everything that can be seen, and the live feed",
  jobs: "jobs: create, start, pause, change and delete replays",
  admin: "admin: accept holes, manage users, read the audit log"
}

interface NewKeyDialogProps {
  readonly onClose: () => void
  readonly onMade: (name: string, secret: string) => void
}

export const NewKeyDialog = (props: NewKeyDialogProps) => {
  const { api, now } = useApp()
  const [name, setName] = createSignal("")
  const [chosen, setChosen] = createSignal<ReadonlyArray<Scope>>(["read"])
  const [lifetime, setLifetime] = createSignal("90")
  const attempt = createAttempt()
  const blocked = () =>
    name().trim() === "" ? "Name it first" : chosen().length === 0 ? "Choose what it may do" : null
  const create = () =>
    attempt.run(
      () =>
        api.call("keys.create", {
          payload: { name: name().trim(), scopes: chosen(), expires_at: endOf(lifetime(), now()) }
        }),
      ({ key }) => props.onMade(name().trim(), key)
    )
  return (
    <Dialog
      title="New key"
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button variant="primary" busy={attempt.busy()} blocked={blocked()} onClick={() => void create()}>
            Make the key
          </Button>
        </>
      }
    >
      <Field label="Name" hint="What uses it, such as “nightly replay”.">
        {({ id, describedBy }) => (
          <Input
            id={id}
            aria-describedby={describedBy}
            maxlength={100}
            value={name()}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <fieldset data-component="scopes">
        <legend>What it may do</legend>
        <For each={scopes}>
          {(scope) => (
            <Checkbox
              checked={chosen().includes(scope)}
              onChange={(checked) =>
                setChosen(checked ? [...chosen(), scope] : chosen().filter((held) => held !== scope))
              }
            >
              {meanings[scope]}
            </Checkbox>
          )}
        </For>
      </fieldset>
      <Field label="Good for">
        {({ id }) => <Select id={id} options={lifetimes} value={lifetime()} onChange={setLifetime} />}
      </Field>
      <Show when={attempt.problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}
