import { createSignal, onMount, Show } from "solid-js"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { duration } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"

/** What went wrong, in the words of somebody who wants to get in. */
const wordsOf = (error: unknown): string => {
  const { slug, retryAfter, message } = asProblem(error)
  if (slug === "invalid-credentials") return "The user name or the password is wrong."
  if (slug === "second-factor-required")
    return "This code is wrong, was used, or is past its time. Wait for the next one."
  if (slug === "too-many-failures")
    return `Too many failed logins from here. Try again in ${duration(retryAfter)}.`
  if (slug === "unreachable") return "WalStream does not answer. Is it running?"
  return message
}

export const LoginForm = (props: { readonly username?: string | undefined }) => {
  const { session } = useApp()
  const [fault, setFault] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  /** Name and password were right, and are not enough. */
  const [taken, setTaken] = createSignal<{ readonly username: string; readonly password: string }>()
  const submit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const form = event.currentTarget
    const data = new FormData(form)
    const known = taken()
    const { username, password } = known ?? {
      username: String(data.get("username")),
      password: String(data.get("password"))
    }
    setBusy(true)
    setFault(undefined)
    try {
      await session.logIn(username, password, known && String(data.get("otp")).trim())
    } catch (error) {
      const { slug } = asProblem(error)
      const wantsCode = known === undefined && slug === "second-factor-required"
      if (wantsCode) setTaken({ username, password })
      else setFault(wordsOf(error))
      if (slug === "invalid-credentials") setTaken(undefined)
      const field = form.querySelector<HTMLInputElement>("[name=otp], [name=password]")
      field?.focus()
      field?.select()
    } finally {
      setBusy(false)
    }
  }
  let made: HTMLFormElement | undefined
  // Browsers mind `autofocus` once in a document's life.
  onMount(() => made?.querySelector<HTMLElement>("[autofocus]")?.focus())
  return (
    <form
      ref={(form) => {
        made = form
      }}
      onSubmit={(event) => void submit(event)}
      class="stack"
    >
      <Show
        when={taken()}
        fallback={
          <>
            <Field label="User name">
              {({ id }) => (
                <Input
                  id={id}
                  name="username"
                  autocomplete="username"
                  required
                  value={props.username ?? ""}
                  readOnly={props.username !== undefined}
                  autofocus={props.username === undefined}
                />
              )}
            </Field>
            <Field label="Password">
              {({ id }) => (
                <Input
                  id={id}
                  name="password"
                  type="password"
                  autocomplete="current-password"
                  required
                  autofocus={props.username !== undefined}
                />
              )}
            </Field>
          </>
        }
      >
        <Field label="Code of your app" hint="Without it: one of your recovery codes.">
          {({ id, describedBy }) => (
            <Input
              id={id}
              aria-describedby={describedBy}
              name="otp"
              mono
              autocomplete="one-time-code"
              autocapitalize="characters"
              spellcheck={false}
              maxlength={100}
              required
            />
          )}
        </Field>
      </Show>
      <Show when={fault()}>
        <p data-part="fault" role="alert">
          {fault()}
        </p>
      </Show>
      <Button type="submit" variant="primary" busy={busy()}>
        {busy() ? "Logging in…" : "Log in"}
      </Button>
      <Show when={taken()}>
        <Button variant="quiet" onClick={() => setTaken(undefined)}>
          Back
        </Button>
      </Show>
    </form>
  )
}
