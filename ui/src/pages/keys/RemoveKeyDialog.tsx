import { Show } from "solid-js"
import type { ApiKeyJson } from "../../../../src/control/api/ApiKeyJson.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { useApp } from "../../state/App.ts"
import { createAttempt } from "./CreateAttempt.ts"

interface RemoveKeyDialogProps {
  readonly apiKey: ApiKeyJson
  readonly onClose: () => void
}

export const RemoveKeyDialog = (props: RemoveKeyDialogProps) => {
  const { api, toasts } = useApp()
  const attempt = createAttempt()
  const remove = () =>
    attempt.run(
      () => api.call("keys.remove", { params: { id: props.apiKey.id } }),
      () => {
        toasts.show({ tone: "ok", title: `${props.apiKey.name} is removed` })
        props.onClose()
      }
    )
  return (
    <Dialog
      title={`Remove ${props.apiKey.name}?`}
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Keep it
          </Button>
          <Button variant="danger" busy={attempt.busy()} onClick={() => void remove()}>
            Remove the key
          </Button>
        </>
      }
    >
      <p>
        Whatever uses it is refused from then on, and its streams end at once. Used last:{" "}
        <Show when={props.apiKey.last_used_at} fallback="never">
          <Moment at={props.apiKey.last_used_at} as="relative" />
        </Show>
        .
      </p>
      <Show when={attempt.problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}
