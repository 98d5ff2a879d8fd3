import { createSignal, Show } from "solid-js"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"

/** The least that the server takes. */
const shortest = 8

export const PasswordCard = () => {
  const { api, cache, session, toasts } = useApp()
  const [current, setCurrent] = createSignal("")
  const [next, setNext] = createSignal("")
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()
  const blocked = () =>
    current() === ""
      ? "Type the present one first"
      : next().length < shortest
        ? "At least 8 characters"
        : null
  const change = async () => {
    if (blocked() !== null || busy()) return
    setBusy(true)
    setProblem(undefined)
    try {
      await api.call("auth.changePassword", {
        payload: { current_password: current(), new_password: next() }
      })
      setCurrent("")
      setNext("")
      toasts.show({ tone: "ok", title: "The password is changed", detail: "Your other sessions are ended." })
      void cache.invalidateQueries({ queryKey: ["sessions"] })
    } catch (error) {
      setProblem(asProblem(error))
    }
    setBusy(false)
  }
  return (
    <Card title="Password">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void change()
        }}
      >
        {/* Password managers keep by name which one it is. */}
        <input hidden autocomplete="username" value={session.user()?.username ?? ""} readonly />
        <Field label="Present password">
          {({ id }) => (
            <Input
              id={id}
              type="password"
              autocomplete="current-password"
              value={current()}
              onInput={(event) => setCurrent(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field
          label="New password"
          hint="8 characters or more, any. Your other sessions end with the change."
        >
          {({ id, describedBy }) => (
            <Input
              id={id}
              type="password"
              autocomplete="new-password"
              aria-describedby={describedBy}
              value={next()}
              onInput={(event) => setNext(event.currentTarget.value)}
            />
          )}
        </Field>
        <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
        <div>
          <Button type="submit" busy={busy()} blocked={blocked()}>
            Change the password
          </Button>
        </div>
      </form>
    </Card>
  )
}
