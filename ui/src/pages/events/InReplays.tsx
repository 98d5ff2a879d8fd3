import { A } from "@solidjs/router"
import { For, Show } from "solid-js"
import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { Fact, Facts } from "../../kit/Surface.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { replaysOf } from "./ReplaysOf.ts"

/** How many of the newest replays are looked through, and how many are named. */
const looked = 100
const most = 5

/** The replays that a change belongs to, and whether they have done it. */
export const InReplays = (props: { readonly event: LiveEventJson }) => {
  const { queries } = useApp()
  const jobs = useQuery(() => queries.jobs({ limit: looked }))
  const found = () => (jobs.isSuccess ? replaysOf(props.event, jobs.data.items) : [])
  return (
    <Show when={found().length > 0}>
      <Facts>
        <Fact name="In replays" title={`Among the newest ${looked}`}>
          <For each={found().slice(0, most)}>
            {({ job, isDone }) => (
              <>
                <A class="link" href={`/jobs/${job.id}`}>
                  {jobTitle(job)}
                </A>{" "}
                <span class="faint">
                  {isDone ? "done" : job.status === "cancelled" ? "was not reached" : "to come"}
                </span>
                <br />
              </>
            )}
          </For>
          <Show when={found().length > most}>
            <span class="faint">and {found().length - most} more</span>
          </Show>
        </Fact>
      </Facts>
    </Show>
  )
}
