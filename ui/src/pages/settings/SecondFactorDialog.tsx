import { createSignal, For, Match, Show, Switch } from "solid-js"
import type { NewSecondFactor } from "../../../../src/control/api/SecondFactorJson.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { CodeLine, CopyButton } from "../../kit/Copy.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"

/** Password, then secret and code, then recovery codes: what is shown is nowhere on the page from its step's end on. */
export const SecondFactorDialog = (props: { readonly onClose: () => void }) => {
  const { api } = useApp()
  const [text, setText] = createSignal("")
  const [made, setMade] = createSignal<NewSecondFactor>()
  const [codes, setCodes] = createSignal<ReadonlyArray<string>>()
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()

  let form: HTMLFormElement | undefined

  const attempt = async (act: () => Promise<unknown>) => {
    if (text() === "" || busy()) return
    setBusy(true)
    setProblem(undefined)
    try {
      await act()
      setText("")
      form?.querySelector("input")?.focus()
    } catch (error) {
      setProblem(asProblem(error))
    }
    setBusy(false)
  }
  const next = () =>
    attempt(async () => {
      if (made() === undefined) {
        setMade(await api.call("auth.beginSecondFactor", { payload: { current_password: text() } }))
      } else {
        const confirmed = await api.call("auth.confirmSecondFactor", { payload: { code: text().trim() } })
        setCodes(confirmed.recovery_codes)
        setMade(undefined)
      }
    })
  const input = (id: string) => ({
    id,
    required: true,
    value: text(),
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => setText(event.currentTarget.value)
  })

  return (
    <Dialog
      stays={codes() !== undefined}
      title={codes() === undefined ? "Set up a second factor" : "Your recovery codes"}
      onClose={props.onClose}
      footer={
        <Show
          when={codes()}
          fallback={
            <>
              <Button variant="quiet" onClick={props.onClose}>
                Cancel
              </Button>
              <Button type="submit" form="second-factor" variant="primary" busy={busy()}>
                {made() === undefined ? "Next" : "Turn it on"}
              </Button>
            </>
          }
        >
          {(held) => (
            <>
              <CopyButton text={() => held().join("\n")}>Copy all</CopyButton>
              <Button variant="primary" icon="check" onClick={props.onClose}>
                I stored them
              </Button>
            </>
          )}
        </Show>
      }
    >
      <form
        ref={(given) => {
          form = given
        }}
        id="second-factor"
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void next()
        }}
      >
        <Switch
          fallback={
            <Field label="Present password">
              {({ id }) => <Input {...input(id)} type="password" autocomplete="current-password" autofocus />}
            </Field>
          }
        >
          <Match when={codes()}>
            {(held) => (
              <>
                <p>
                  <b>They are shown this once.</b> Each stands in for the app once. Keep them where you keep
                  passwords: without app and codes only an admin lets you in again.
                </p>
                <ul class="mono">
                  <For each={held()}>{(code) => <li>{code}</li>}</For>
                </ul>
              </>
            )}
          </Match>
          <Match when={made()}>
            {(held) => (
              <>
                <p>
                  Type this into an authenticator app, or open the address below with one.{" "}
                  <b>It is shown this once.</b>
                </p>
                <CodeLine text={held().secret} label="Copy the secret" />
                <CodeLine text={held().otpauth_uri} label="Copy the address" />
                <Field label="Code of your app" hint="Six digits. Your other sessions end with this.">
                  {({ id, describedBy }) => (
                    <Input
                      {...input(id)}
                      aria-describedby={describedBy}
                      mono
                      inputmode="numeric"
                      autocomplete="one-time-code"
                      maxlength={100}
                    />
                  )}
                </Field>
              </>
            )}
          </Match>
        </Switch>
        <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
      </form>
    </Dialog>
  )
}
