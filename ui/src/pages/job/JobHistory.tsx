import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from "solid-js"
import type { JobDeed } from "../../../../src/control/api/JobHistoryJson.ts"
import { historyText } from "../../../../src/control/api/JobHistoryText.ts"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { Dot, type Tone } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Pager } from "../../kit/Pager.tsx"
import { Empty, Loaded, Skeleton } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { atMostEvery } from "../../lib/AtMostEvery.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

const tones: Partial<Readonly<Record<JobDeed, Tone>>> = {
  taken_up: "on",
  taken_over: "warn",
  paused: "warn",
  skipped: "warn",
  completed: "ok",
  failed: "bad"
}

/** Differs when something was done to it. While it runs, its version moves with its progress. */
const standOf = ({
  status,
  lease_epoch: epoch,
  name,
  speed_factor: speed,
  skips,
  version
}: JobJson): string =>
  JSON.stringify([status, epoch, name, speed, skips.length, status === "running" ? null : version])

/** Who did what with it, and what became of it, newest first. */
export const JobHistory = (props: { readonly job: JobJson }) => {
  const { queries } = useApp()
  const [cursor, setCursor] = createSignal("")
  const history = useQuery(() => queries.jobHistory(props.job.id, cursor()))
  const again = atMostEvery(1_000, () => void history.refetch())
  onCleanup(again.stop)
  const stand = createMemo(() => standOf(props.job))
  createEffect(on(stand, again.ask, { defer: true }))
  return (
    <Card title="History">
      <Loaded query={history} skeleton={<Skeleton lines={4} label="Loading the history" />}>
        {(page) => (
          <Show
            when={page().items.length > 0}
            fallback={<Empty title="Nothing is on record">The replay is older than the audit log.</Empty>}
          >
            <ul data-component="job-history">
              <For each={page().items}>
                {(entry) => (
                  <li>
                    <span class="faint">
                      <Moment at={entry.at} />
                    </span>
                    <Dot tone={tones[entry.what] ?? "idle"} />
                    <span>{historyText(entry)}</span>
                  </li>
                )}
              </For>
            </ul>
            <Pager cursor={cursor()} next={page().next_cursor} onGo={setCursor} isPart />
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
