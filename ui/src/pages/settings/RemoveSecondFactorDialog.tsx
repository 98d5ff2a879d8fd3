import { createSignal, Show } from "solid-js"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"

/** It takes what a login takes. */
export const RemoveSecondFactorDialog = (props: { readonly onClose: () => void }) => {
  const { api, toasts } = useApp()
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()
  const remove = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    setBusy(true)
    setProblem(undefined)
    try {
      await api.call("auth.removeSecondFactor", {
        payload: { current_password: String(data.get("password")), code: String(data.get("code")).trim() }
      })
      toasts.show({
        tone: "ok",
        title: "The second factor is removed",
        detail: "Your other sessions are ended."
      })
      props.onClose()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      title="Remove the second factor"
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" form="remove-second-factor" variant="danger" busy={busy()}>
            Remove it
          </Button>
        </>
      }
    >
      <form id="remove-second-factor" class="stack" onSubmit={(event) => void remove(event)}>
        <p>From then on the password alone logs you in. Your other sessions end.</p>
        <Field label="Present password">
          {({ id }) => (
            <Input
              id={id}
              name="password"
              type="password"
              autocomplete="current-password"
              required
              autofocus
            />
          )}
        </Field>
        <Field label="Code of your app" hint="Or one of your recovery codes.">
          {({ id, describedBy }) => (
            <Input
              id={id}
              aria-describedby={describedBy}
              name="code"
              mono
              autocomplete="one-time-code"
              maxlength={100}
              required
            />
          )}
        </Field>
        <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
      </form>
    </Dialog>
  )
}
