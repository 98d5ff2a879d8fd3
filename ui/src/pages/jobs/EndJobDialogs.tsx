import { createSignal, Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { isActive } from "../../../../src/domain/JobStatus.ts"
import type { ApiProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Field, Input } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { plural } from "../../lib/Numbers.ts"
import type { JobDeeds } from "./JobDeeds.ts"

interface EndProps {
  readonly job: JobJson
  readonly deeds: JobDeeds
  readonly onClose: () => void
}

/** What stays, said before it happens. */
const stays = (job: JobJson): string =>
  job.dry_run
    ? "It was a dry run: nothing was written."
    : `${plural(job.events_processed, "change")} already applied to ${job.target} stay applied.`

export const CancelDialog = (props: EndProps) => (
  <Dialog
    title={`Cancel ${jobTitle(props.job)}?`}
    size="small"
    onClose={props.onClose}
    footer={
      <>
        <Button onClick={() => props.onClose()}>Keep it</Button>
        <Button
          variant="danger"
          busy={props.deeds.pending() === "cancel"}
          onClick={async () => {
            await props.deeds.act("cancel")
            props.onClose()
          }}
        >
          {props.deeds.label("cancel", "Cancel the replay")}
        </Button>
      </>
    }
  >
    <p>It ends for good and cannot be resumed. {stays(props.job)}</p>
    <p class="muted">To stop it for a while only, pause it.</p>
  </Dialog>
)

export const DeleteDialog = (props: EndProps & { readonly onDeleted: () => void }) => {
  const [typed, setTyped] = createSignal("")
  const [fault, setFault] = createSignal<ApiProblem>()
  const blocked = () =>
    isActive(props.job.status)
      ? "It runs: pause or cancel it first"
      : typed() === name()
        ? null
        : "Type its name first"
  const name = () => jobTitle(props.job)
  return (
    <Dialog
      title={`Delete ${name()}?`}
      size="small"
      onClose={props.onClose}
      footer={
        <>
          <Button onClick={() => props.onClose()}>Keep it</Button>
          <Button
            variant="danger"
            busy={props.deeds.pending() === "delete"}
            blocked={blocked()}
            onClick={async () => {
              setFault(undefined)
              const problem = await props.deeds.remove()
              if (problem === null) props.onDeleted()
              else setFault(problem)
            }}
          >
            {props.deeds.label("delete", "Delete")}
          </Button>
        </>
      }
    >
      <p>
        Its record goes: progress, failures and skips. {stays(props.job)}
        <Show when={props.job.dedupe === "target" && !props.job.dry_run}>
          {" "}
          What it applied is still known to the target.
        </Show>
      </p>
      <Field label={`Type ${name()} to delete it`}>
        {({ id }) => (
          <Input
            id={id}
            autocomplete="off"
            value={typed()}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <Show when={isActive(props.job.status)}>
        <p role="alert">It runs by now: pause or cancel it first.</p>
      </Show>
      <Show when={fault()}>{(problem) => <ProblemView error={problem()} />}</Show>
    </Dialog>
  )
}
