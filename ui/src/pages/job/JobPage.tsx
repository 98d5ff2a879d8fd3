import { A, useNavigate, useParams } from "@solidjs/router"
import { createSignal, For, Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { allowedActions, isActive } from "../../../../src/domain/JobStatus.ts"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button, ButtonLink, IconButton } from "../../kit/Button.tsx"
import { CopyButton } from "../../kit/Copy.tsx"
import { Dot, StatusPill } from "../../kit/Marks.tsx"
import { Empty, Loaded, Skeleton } from "../../kit/States.tsx"
import { PageHead } from "../../kit/Surface.tsx"
import { curlText } from "../../lib/Curl.ts"
import { jobTitle, windowText } from "../../lib/JobText.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { CancelDialog, DeleteDialog } from "../jobs/EndJobDialogs.tsx"
import { createJobDeeds, whyNot } from "../jobs/JobDeeds.ts"
import { Deck } from "./Deck.tsx"
import { Failures } from "./Failures.tsx"
import { JobHistory } from "./JobHistory.tsx"
import { JobTiles } from "./JobTiles.tsx"
import { StandCard } from "./StandCard.tsx"

/** What is to be known of it at the moment, though it has not failed. */
const Notes = (props: { readonly job: JobJson }) => (
  <>
    <Show when={props.job.live?.retrying}>
      {(retrying) => (
        <div data-component="job-note" role="status">
          <Dot tone="warn" />
          <p class="grow">
            <b>It waits:</b> {retrying().reason}. It tries again by itself, so far {retrying().attempt} times.
          </p>
        </div>
      )}
    </Show>
    <For each={props.job.warnings}>
      {(warning) => (
        <div data-component="job-note">
          <Dot tone="warn" />
          <p class="grow">{warning.message}</p>
        </div>
      )}
    </For>
  </>
)

const JobView = (props: { readonly job: JobJson }) => {
  const { session, preferences, commands } = useApp()
  const navigate = useNavigate()
  const deeds = createJobDeeds(() => props.job)
  const [dialog, setDialog] = createSignal<"cancel" | "delete" | null>(null)
  const close = () => setDialog(null)
  const mayAct = () => session.may("operator")
  const curl = () => curlText({ method: "GET", path: `/jobs/${props.job.id}` }, location.origin)

  commands.register(() =>
    mayAct()
      ? allowedActions(props.job.status).map((action) => ({
          id: `job ${action}`,
          title: `${action[0]?.toUpperCase()}${action.slice(1)} ${jobTitle(props.job)}`,
          group: "This replay",
          ...(action === "cancel" ? {} : { keys: "Space" }),
          run: () => (action === "cancel" ? setDialog("cancel") : void deeds.act(action))
        }))
      : []
  )

  return (
    <>
      <PageHead
        title={jobTitle(props.job)}
        above={
          <A href="/jobs" class="link">
            Replays
          </A>
        }
        actions={
          <>
            <StatusPill status={props.job.status} follow={props.job.follow} />
            <CopyButton text={curl}>Copy as curl</CopyButton>
            <Show when={mayAct()}>
              <ButtonLink href={`/jobs/new?from=${props.job.id}`}>Duplicate</ButtonLink>
              <Button
                icon="stop"
                blocked={whyNot("cancel", props.job.status)}
                busy={deeds.pending() === "cancel"}
                onClick={() => setDialog("cancel")}
              >
                {deeds.label("cancel", "Cancel")}
              </Button>
              <IconButton
                icon="close"
                label="Delete"
                blocked={isActive(props.job.status) ? "Pause or cancel it first" : null}
                onClick={() => setDialog("delete")}
              />
            </Show>
          </>
        }
      >
        {windowText(props.job, preferences.values.zone)} into{" "}
        {props.job.dry_run ? "nothing (dry run)" : props.job.target}
        {props.job.tables === null ? "" : `, only ${props.job.tables.join(", ")}`}
      </PageHead>
      <Failures job={props.job} deeds={deeds} mayAct={mayAct()} />
      <Notes job={props.job} />
      <Deck job={props.job} deeds={deeds} mayAct={mayAct()} />
      <JobTiles job={props.job} />
      <div class="cols-2">
        <JobHistory job={props.job} />
        <StandCard job={props.job} />
      </div>
      <Show when={dialog() === "cancel"}>
        <CancelDialog job={props.job} deeds={deeds} onClose={close} />
      </Show>
      <Show when={dialog() === "delete"}>
        <DeleteDialog job={props.job} deeds={deeds} onClose={close} onDeleted={() => navigate("/jobs")} />
      </Show>
    </>
  )
}

const JobPage = () => {
  const { queries } = useApp()
  const params = useParams()
  const job = useQuery(() => queries.job(params["id"] ?? ""))
  const isMissing = () => job.isError && asProblem(job.error).slug === "job-not-found"
  return (
    <Show
      when={!isMissing()}
      fallback={
        <Empty
          icon="replays"
          isPage
          title="There is no such replay"
          actions={<ButtonLink href="/jobs">All replays</ButtonLink>}
        >
          It was deleted, or the address is of another WalStream.
        </Empty>
      }
    >
      <Loaded query={job} skeleton={<Skeleton lines={8} label="Loading the replay" />}>
        {(data) => (
          // Nothing of one replay's page is kept for another's.
          <Show when={data().id} keyed>
            <JobView job={data()} />
          </Show>
        )}
      </Loaded>
    </Show>
  )
}

export default JobPage
