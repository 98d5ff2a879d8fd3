import { createSignal, Show } from "solid-js"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { nameTab } from "../../lib/TabName.ts"
import { Brand } from "../../shell/Brand.tsx"
import { useApp } from "../../state/App.ts"
import "../login/Login.css"

/** The part of the address that no browser sends. */
const codeIn = (hash: string): string => hash.replace(/^#/u, "")

/** For whom an admin has let in: the code is in the address, the password its own. */
const SetPasswordPage = () => {
  const { api } = useApp()
  nameTab(() => "Choose a password")
  const code = codeIn(window.location.hash)
  const [fault, setFault] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  const [isDone, setDone] = createSignal(false)
  const submit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    setBusy(true)
    setFault(undefined)
    try {
      await api.call("auth.setPassword", { payload: { code, new_password: String(data.get("password")) } })
      // It is good for nothing any more, and nobody need find it in the history.
      window.history.replaceState(null, "", "/set-password")
      setDone(true)
    } catch (error) {
      const { errors, message } = asProblem(error)
      setFault(
        errors.length === 0 ? message : errors.map((each) => `The ${each.path} ${each.message}.`).join(" ")
      )
    } finally {
      setBusy(false)
    }
  }
  return (
    <main data-component="login">
      <div data-part="frame">
        <Brand />
        <h1>Choose a password</h1>
        <Show
          when={!isDone()}
          fallback={
            <p role="status">
              That is your password from now on. <a href="/">Log in</a>
            </p>
          }
        >
          <form class="stack" onSubmit={(event) => void submit(event)}>
            <Field label="New password" hint="At least 8 characters of any kind.">
              {({ id, describedBy }) => (
                <Input
                  id={id}
                  aria-describedby={describedBy}
                  name="password"
                  type="password"
                  autocomplete="new-password"
                  minlength={8}
                  maxlength={1000}
                  required
                  autofocus
                />
              )}
            </Field>
            <Show when={fault()}>
              <p data-part="fault" role="alert">
                {fault()}
              </p>
            </Show>
            <Button type="submit" variant="primary" busy={busy()}>
              Set password
            </Button>
          </form>
        </Show>
      </div>
    </main>
  )
}

export default SetPasswordPage
