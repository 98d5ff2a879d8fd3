import { A } from "@solidjs/router"
import { For, Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { jobStatuses } from "../../../../src/domain/JobStatus.ts"
import { ButtonLink } from "../../kit/Button.tsx"
import { Dot, statusText, statusTone } from "../../kit/Marks.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card, Fact, Facts } from "../../kit/Surface.tsx"
import { count, missing, plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

const sum = (jobs: ReadonlyArray<JobJson>, of: (job: JobJson) => number): string =>
  count(jobs.reduce((total, job) => total + of(job), 0))

/** What became of the replays, and of the changes that they went over. */
export const OutcomeCard = () => {
  const { queries, metrics, session } = useApp()
  const jobs = useQuery(() => ({
    ...queries.jobs({ sort: "-created_at", limit: 100 }),
    refetchInterval: 10_000
  }))
  const byStatus = () => metrics.latest()?.jobs ?? null
  return (
    <Card
      title="Replay outcome"
      actions={
        <A href="/jobs" class="link">
          All replays
        </A>
      }
    >
      <Loaded query={jobs}>
        {(page) => (
          <Show
            when={page().items.length > 0}
            fallback={
              <Empty
                icon="replays"
                title="No replay yet"
                actions={
                  session.may("operator") ? (
                    <ButtonLink href="/jobs/new" variant="primary" icon="plus">
                      New replay
                    </ButtonLink>
                  ) : undefined
                }
              >
                What replays apply, find applied already, or are stopped by is counted here.
              </Empty>
            }
          >
            <div class="stack">
              <ul data-part="statuses">
                <For each={jobStatuses}>
                  {(status) => (
                    <li>
                      <A href={`/jobs?status=${status}`}>
                        <Dot tone={statusTone(status)} />
                        <span class="grow">{statusText(status)}</span>
                        <b>{byStatus() === null ? missing : count(byStatus()?.[status] ?? 0)}</b>
                      </A>
                    </li>
                  )}
                </For>
              </ul>
              <div data-part="sums">
                <h3>
                  {page().next_cursor === null
                    ? `Changes of ${plural(page().items.length, "replay")}`
                    : `Changes of the newest ${count(page().items.length)} replays`}
                </h3>
                <Facts>
                  <Fact name="Applied">{sum(page().items, (job) => job.events_processed)}</Fact>
                  <Fact
                    name="Found applied already"
                    title="Another replay had brought them to the target: they were not applied again."
                  >
                    {sum(page().items, (job) => job.events_duplicate)}
                  </Fact>
                  <Fact
                    name="Brought over a row that differed"
                    title="The target's row was not what history says it was before; it is now what history says it became."
                  >
                    {sum(page().items, (job) => job.events_converged)}
                  </Fact>
                  <Fact name="Passed over" title="Somebody said so, with a reason.">
                    {sum(page().items, (job) => job.events_skipped)}
                  </Fact>
                </Facts>
              </div>
            </div>
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
