import { createSignal, Show } from "solid-js"
import type { Role } from "../../../../src/control/api/Role.ts"
import type { UserJson, UserWithCode } from "../../../../src/control/api/UserJson.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Checkbox, Segmented } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"
import { roleOptions } from "./Roles.ts"

/** What an admin may change of somebody; every change counts at once. */
export const UserDialog = (props: {
  readonly user: UserJson
  readonly onClose: () => void
  readonly onReset: (user: UserWithCode) => void
}) => {
  const { api, cache, session, toasts } = useApp()
  const [role, setRole] = createSignal<Role>(props.user.role)
  const [isActive, setActive] = createSignal(props.user.is_active)
  const [busy, setBusy] = createSignal<"save" | "end" | "reset" | "factor" | null>(null)
  const [problem, setProblem] = createSignal<ApiProblem>()
  const isSame = () => role() === props.user.role && isActive() === props.user.is_active

  const attempt = async (which: "save" | "end" | "factor", done: string, act: () => Promise<unknown>) => {
    setBusy(which)
    setProblem(undefined)
    try {
      await act()
      toasts.show({ tone: "ok", title: done })
      void cache.invalidateQueries({ queryKey: ["users"] })
      props.onClose()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(null)
    }
  }
  const save = () =>
    attempt("save", `${props.user.username} is changed`, () =>
      api.call(
        "users.update",
        { params: { id: props.user.id }, payload: { role: role(), is_active: isActive() } },
        { headers: { "if-match": `"${props.user.version}"` } }
      )
    )
  const endSessions = () =>
    attempt("end", `${props.user.username} is logged out everywhere`, () =>
      api.call("users.endSessions", { params: { id: props.user.id } })
    )

  const removeSecondFactor = () =>
    attempt("factor", `${props.user.username} logs in by password alone, and is logged out`, () =>
      api.call("users.removeSecondFactor", { params: { id: props.user.id } })
    )

  const reset = async () => {
    setBusy("reset")
    setProblem(undefined)
    try {
      const user = await api.call("users.resetPassword", { params: { id: props.user.id } })
      void cache.invalidateQueries({ queryKey: ["users"] })
      props.onReset(user)
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(null)
    }
  }

  return (
    <Dialog
      title={props.user.username}
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" busy={busy() === "end"} onClick={() => void endSessions()}>
            Log out everywhere
          </Button>
          <Show when={props.user.id !== session.user()?.id}>
            <Button variant="quiet" busy={busy() === "reset"} onClick={() => void reset()}>
              Reset password
            </Button>
          </Show>
          <span class="grow" />
          <Button variant="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            busy={busy() === "save"}
            blocked={isSame() ? "Nothing is changed yet" : null}
            onClick={() => void save()}
          >
            Save
          </Button>
        </>
      }
    >
      <Segmented label="Role" options={roleOptions} value={role()} onChange={setRole} />
      <Checkbox checked={isActive()} onChange={setActive}>
        May log in. Without it sessions, streams and keys end at once.
      </Checkbox>
      <p class="faint">
        A change counts at once, in sessions, streams and keys that are open. It goes on record.
      </p>
      <Show when={props.user.id !== session.user()?.id}>
        <div>
          <Button size="small" busy={busy() === "factor"} onClick={() => void removeSecondFactor()}>
            Remove second factor
          </Button>
          <p class="faint">
            For whoever has lost app and recovery codes: all sessions end, and the password is enough.
          </p>
        </div>
      </Show>
      <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}
