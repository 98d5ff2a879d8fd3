import { A } from "@solidjs/router"
import { createEffect, createSignal, For, on, Show } from "solid-js"
import type { JobFailureJson } from "../../../../src/control/api/JobFailureJson.ts"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Dialog } from "../../kit/Dialog.tsx"
import { Badge, Dot, Op } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { ReasonField, withoutReason } from "../../kit/ReasonField.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import type { JobDeeds } from "../jobs/JobDeeds.ts"
import "./Failures.css"

interface FailuresProps {
  readonly job: JobJson
  readonly deeds: JobDeeds
  readonly mayAct: boolean
}

/** The change that the target is to do without, and why. */
const SkipDialog = (props: FailuresProps & { readonly position: string; readonly onClose: () => void }) => {
  const { api, cache, toasts } = useApp()
  const [reason, setReason] = createSignal("")
  const [fault, setFault] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  const skip = async () => {
    setBusy(true)
    setFault(undefined)
    const { id } = props.job
    try {
      const payload = { position: props.position, reason: reason() }
      cache.setQueryData(["job", id], await api.call("jobs.skip", { params: { id }, payload }))
      toasts.show({ tone: "ok", title: "The change will be passed over" })
      void cache.invalidateQueries({ queryKey: ["job", id] })
      await props.deeds.act("resume")
      props.onClose()
    } catch (error) {
      setFault(asProblem(error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title="Skip this change?"
      onClose={props.onClose}
      footer={
        <>
          <Button onClick={() => props.onClose()}>Keep it</Button>
          <Button
            variant="primary"
            busy={busy()}
            blocked={withoutReason(reason())}
            onClick={() => void skip()}
          >
            Skip and resume
          </Button>
        </>
      }
    >
      <p>
        {jobTitle(props.job)} goes on without the change at <code>{props.position}</code>. {props.job.target}{" "}
        will lack it, and what depends on it may fail next. Who said so and why is kept with the replay.
      </p>
      <ReasonField
        label="Why the target is to do without it"
        error={fault()}
        value={reason()}
        onChange={setReason}
      />
    </Dialog>
  )
}

const FailureItem = (props: { readonly failure: typeof JobFailureJson.Type }) => (
  <li>
    <Dot tone={props.failure.skipped ? "idle" : "bad"} />
    <div class="stack">
      <p class="row">
        <Show when={props.failure.event}>
          {(event) => (
            <>
              <Op operation={event().operation} />
              <code>
                {event().schema}.{event().table}
              </code>
            </>
          )}
        </Show>
        <Badge>{props.failure.code}</Badge>
        <Show when={props.failure.skipped}>
          <Badge>skipped</Badge>
        </Show>
        <span class="grow" />
        <span class="faint">
          <Moment at={props.failure.failed_at} as="relative" />
        </span>
      </p>
      <p>{props.failure.message}</p>
      <Show when={props.failure.position}>
        {(position) => (
          <p class="row muted">
            <A class="link" href={`/events?event=${position()}`}>
              Show the change
            </A>
            <code>{position()}</code>
          </p>
        )}
      </Show>
    </div>
  </li>
)

/** What it stands before, and every time that it failed. */
export const Failures = (props: FailuresProps) => {
  const { queries } = useApp()
  const failures = useQuery(() => queries.jobFailures(props.job.id))
  const [skipping, setSkipping] = createSignal<string | null>(null)
  // The feed tells of the job: that it failed once more, or that a change is to be skipped.
  createEffect(
    on(
      () => [props.job.status, props.job.lease_epoch, props.job.skips.length].join(),
      () => void failures.refetch(),
      { defer: true }
    )
  )
  const isFailed = () => props.job.status === "failed" && props.job.error !== null
  return (
    <>
      <Show when={isFailed() && props.job.error}>
        {(error) => (
          <div data-component="job-error" role="alert">
            <Dot tone="bad" />
            <div class="grow">
              <b>{error().position === null ? "It failed" : "The target refused one change"}</b>
              <p>{error().message}</p>
              <p class="muted">Everything before it is applied, nothing of its transaction is.</p>
            </div>
            <Show when={props.mayAct}>
              <div class="row">
                <Show when={error().position}>
                  {(position) => (
                    <Button size="small" onClick={() => setSkipping(position())}>
                      Skip the change…
                    </Button>
                  )}
                </Show>
                <Button
                  size="small"
                  icon="retry"
                  busy={props.deeds.pending() !== null}
                  onClick={() => void props.deeds.act("resume")}
                >
                  {props.deeds.label("resume", "Retry")}
                </Button>
              </div>
            </Show>
          </div>
        )}
      </Show>
      <Show when={failures.isError || (failures.isSuccess && failures.data.items.length > 0)}>
        <Card title="Failures" note="newest first">
          <Loaded query={failures}>
            {(page) => (
              <ul data-component="failures">
                <For each={page().items}>{(failure) => <FailureItem failure={failure} />}</For>
              </ul>
            )}
          </Loaded>
        </Card>
      </Show>
      <Show when={skipping()}>
        {(position) => <SkipDialog {...props} position={position()} onClose={() => setSkipping(null)} />}
      </Show>
    </>
  )
}
