import { createSignal, Show } from "solid-js"
import type { SourceJson } from "../../../../src/control/api/SystemApi.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Icon } from "../../kit/Icon.tsx"
import { ReasonField, withoutReason } from "../../kit/ReasonField.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { Fact, Facts } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

type Gap = NonNullable<SourceJson["gap"]>

const AcceptDialog = (props: { readonly gap: Gap; readonly onClose: () => void }) => {
  const { api, cache, toasts } = useApp()
  const [reason, setReason] = createSignal("")
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()
  const accept = async () => {
    setBusy(true)
    try {
      await api.call("system.acceptGap", { payload: { gap: props.gap.id, reason: reason() } })
      toasts.show({ tone: "ok", title: "The hole is on record; capture goes on within seconds" })
      void cache.invalidateQueries()
      props.onClose()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Dialog
      title="Go over this hole?"
      onClose={props.onClose}
      footer={
        <>
          <Button variant="quiet" onClick={props.onClose}>
            Leave it
          </Button>
          <Button
            variant="danger"
            busy={busy()}
            blocked={withoutReason(reason())}
            onClick={() => void accept()}
          >
            Accept the hole
          </Button>
        </>
      }
    >
      <p>
        Whatever was committed in it is not in the history and never will be. Everything before stays as it
        is; the source's next life begins behind it. Replays over it say so.
      </p>
      <Facts>
        <Fact name="Everything is held up to">
          <code>{props.gap.from_lsn}</code>
        </Fact>
        <Fact name="What can be had begins at">
          <code>{props.gap.until_lsn ?? "shows when capture begins again"}</code>
        </Fact>
      </Facts>
      <ReasonField
        label="Why it may be gone over"
        hint="Kept with the history, beside your name."
        value={reason()}
        onChange={setReason}
      />
      <Show when={problem()}>{(error) => <ProblemView error={error()} />}</Show>
    </Dialog>
  )
}

/** Only while capture has stopped at a hole: what is lost, and what an admin can do. */
export const GapCard = () => {
  const { queries, session } = useApp()
  const source = useQuery(queries.source)
  const [isOpen, setOpen] = createSignal(false)
  return (
    <Show when={source.isSuccess && source.data.gap}>
      {(gap) => (
        <div data-component="problem" role="alert">
          <Icon name="warn" size={18} />
          <div class="grow">
            <h2>Capture has stopped at a hole behind {gap().from_lsn}</h2>
            <p>{source.data?.message}</p>
            <p>{source.data?.fix}</p>
          </div>
          <Button
            size="small"
            blocked={session.may("admin") ? null : "This takes an admin"}
            onClick={() => setOpen(true)}
          >
            Accept the hole
          </Button>
          <Show when={isOpen()}>
            <AcceptDialog gap={gap()} onClose={() => setOpen(false)} />
          </Show>
        </div>
      )}
    </Show>
  )
}
