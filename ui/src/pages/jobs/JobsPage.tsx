import { keepPreviousData } from "@tanstack/query-core"
import { Schema } from "effect"
import { Show } from "solid-js"
import { jobStatuses } from "../../../../src/domain/JobStatus.ts"
import { Button, ButtonLink } from "../../kit/Button.tsx"
import { CopyButton } from "../../kit/Copy.tsx"
import { Segmented } from "../../kit/Form.tsx"
import { Pager } from "../../kit/Pager.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { curlText } from "../../lib/Curl.ts"
import { plural } from "../../lib/Numbers.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { JobRowActions } from "./JobRowActions.tsx"
import { JobTable } from "./JobTable.tsx"

const groups = [
  { value: "", label: "All" },
  { value: "running,queued", label: "Active" },
  { value: "paused,pending", label: "Waiting for you" },
  { value: "failed", label: "Failed" },
  { value: "completed,cancelled", label: "Ended" }
] as const

const StatusText = Schema.String.check(
  Schema.makeFilter(
    (text) => text === "" || text.split(",").every((part) => jobStatuses.some((status) => status === part))
  )
)
const shape = {
  fields: { status: StatusText, cursor: Schema.String },
  defaults: { status: "", cursor: "" }
}
const pageSize = 50

const JobsPage = () => {
  const { queries, session, metrics, jobUpdates } = useApp()
  const search = createSearchState(shape)
  const filter = () => {
    const { status, cursor } = search.value()
    return {
      limit: pageSize,
      ...(status === "" ? {} : { status }),
      ...(cursor === "" ? {} : { cursor })
    }
  }
  const jobs = useQuery(() => ({ ...queries.jobs(filter()), placeholderData: keepPreviousData }))
  const isFiltered = () => search.value().status !== ""
  const curl = () => {
    const query = new URLSearchParams(Object.entries(filter()).map(([name, value]) => [name, String(value)]))
    return curlText({ method: "GET", path: `/jobs?${query}` }, location.origin)
  }
  const title = () => {
    const counts = metrics.latest()?.jobs
    if (counts === null || counts === undefined) return "Replays"
    const running = counts["running"] ?? 0
    return running === 0 ? "No replay runs" : `${plural(running, "replay")} running`
  }
  const group = () => groups.find(({ value }) => value === search.value().status)?.value ?? null

  return (
    <>
      <PageHead
        title={title()}
        actions={
          <>
            <CopyButton text={curl}>Copy as curl</CopyButton>
            <Show when={session.may("operator")}>
              <ButtonLink href="/jobs/new" variant="primary" icon="play">
                New replay
              </ButtonLink>
            </Show>
          </>
        }
      >
        Each plays a stretch of the history into a target, in commit order, every change once.
      </PageHead>
      <div class="row">
        <Segmented
          label="Which replays"
          options={groups}
          value={group()}
          onChange={(status) => search.set({ status, cursor: "" })}
        />
        <span class="grow" />
        <Show when={jobUpdates.unseen() > 0}>
          <Button
            size="small"
            icon="up"
            onClick={() => {
              search.set({ cursor: "" })
              jobUpdates.show()
            }}
          >
            {`Show ${plural(jobUpdates.unseen(), "new one", "new ones")}`}
          </Button>
        </Show>
      </div>
      <Card flush label="Replays">
        <Loaded query={jobs}>
          {(page) => (
            <Show
              when={page().items.length > 0}
              fallback={
                <Show
                  when={isFiltered()}
                  fallback={
                    <Empty
                      icon="replays"
                      title="No replay yet"
                      actions={
                        <Show when={session.may("operator")}>
                          <ButtonLink href="/jobs/new" variant="primary">
                            New replay
                          </ButtonLink>
                        </Show>
                      }
                    >
                      Drag over the history, choose a speed and watch it go. By command:{" "}
                      <code>npx walstream jobs create --last 15m --start --watch</code>
                    </Empty>
                  }
                >
                  <Empty
                    icon="filter"
                    title="None is like that"
                    actions={<Button onClick={() => search.set({ status: "", cursor: "" })}>Show all</Button>}
                  >
                    There are replays, but none with these states.
                  </Empty>
                </Show>
              }
            >
              <JobTable
                jobs={page().items}
                actions={(job) => (session.may("operator") ? <JobRowActions job={job} /> : null)}
              />
            </Show>
          )}
        </Loaded>
      </Card>
      <Pager
        cursor={search.value().cursor}
        next={jobs.isSuccess ? jobs.data.next_cursor : null}
        onGo={(cursor) => search.set({ cursor }, { push: true })}
      />
    </>
  )
}

export default JobsPage
