import { createSignal, Show } from "solid-js"
import type { Role } from "../../../../src/control/api/Role.ts"
import type { UserWithCode } from "../../../../src/control/api/UserJson.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Field, Input, Segmented } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"
import { roleOptions } from "./Roles.ts"

interface NewUserDialogProps {
  readonly onClose: () => void
  readonly onMade: (user: UserWithCode) => void
}

/** A user without a password: it chooses one itself. */
export const NewUserDialog = (props: NewUserDialogProps) => {
  const { api, cache } = useApp()
  const [username, setUsername] = createSignal("")
  const [email, setEmail] = createSignal("")
  const [role, setRole] = createSignal<Role>("viewer")
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()
  const create = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const address = email().trim()
      const made = await api.call("users.create", {
        payload: { username: username().trim(), email: address === "" ? null : address, role: role() }
      })
      void cache.invalidateQueries({ queryKey: ["users"] })
      props.onMade(made)
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      title="New user"
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            busy={busy()}
            blocked={username().trim() === "" ? "Name it first" : null}
            onClick={() => void create()}
          >
            Make the user
          </Button>
        </>
      }
    >
      <Field label="User name">
        {({ id }) => (
          <Input
            id={id}
            maxlength={64}
            autocomplete="off"
            value={username()}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="E-mail" hint="May be left out.">
        {({ id, describedBy }) => (
          <Input
            id={id}
            aria-describedby={describedBy}
            maxlength={254}
            autocomplete="off"
            value={email()}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        )}
      </Field>
      <Segmented label="Role" options={roleOptions} value={role()} onChange={setRole} />
      <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}
