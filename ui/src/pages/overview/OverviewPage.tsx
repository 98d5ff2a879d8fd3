import { A } from "@solidjs/router"
import { createMemo, Show } from "solid-js"
import { ButtonLink } from "../../kit/Button.tsx"
import { Badge } from "../../kit/Marks.tsx"
import { Empty, Loaded, ProblemView, Skeleton } from "../../kit/States.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { JobTable } from "../jobs/JobTable.tsx"
import { checksOf } from "./Checks.ts"
import { ChecksCard } from "./ChecksCard.tsx"
import { Pipeline } from "./Pipeline.tsx"
import { RateChart } from "./RateChart.tsx"
import { SlotCard } from "./SlotCard.tsx"
import { verdictOf } from "./Verdict.ts"

/** A figure that has not come for so long is old: three of the feed's seconds, and a little. */
const staleMillis = 4_000

const OverviewPage = () => {
  const { queries, metrics, session, now, live } = useApp()
  const source = useQuery(queries.source)
  const coverage = useQuery(queries.coverage)
  const ready = useQuery(queries.ready)
  const doctor = useQuery(queries.doctor)
  const targets = useQuery(queries.targets)
  const jobs = useQuery(() => queries.jobs({ limit: 6 }))

  const known = <A,>({ data }: { readonly data: A | undefined }): A | undefined => data
  const checks = createMemo(() =>
    checksOf({
      source: known(source),
      ready: known(ready),
      metrics: metrics.latest(),
      sections: known(doctor)?.sections
    })
  )
  const verdict = createMemo(() => verdictOf(known(source), metrics.latest(), checks()))
  const isStale = () => {
    const at = metrics.latest()?.at
    return (
      live.connection().state !== "open" || at === undefined || now().getTime() - Date.parse(at) > staleMillis
    )
  }

  return (
    <>
      <PageHead
        title={verdict().title}
        actions={
          <>
            <Show when={known(source)?.demo === true}>
              <Badge title="Made-up customers of an embedded shop write all the changes.">Demo</Badge>
            </Show>
            <Show when={session.may("operator")}>
              <ButtonLink href="/jobs/new" variant="primary" icon="play">
                New replay
              </ButtonLink>
            </Show>
          </>
        }
      >
        {verdict().text}
      </PageHead>
      <Show when={source.isError && !source.isSuccess}>
        <ProblemView error={source.error} onRetry={() => void source.refetch()} />
      </Show>
      <Pipeline
        source={known(source)}
        coverage={known(coverage)}
        metrics={metrics.latest()}
        targets={(known(targets)?.items ?? []).map(({ name }) => name)}
        checks={checks()}
        isStale={isStale()}
      />
      <div class="cols-2">
        <div class="stack">
          <Card
            title="Captured and applied"
            note="changes/s, the last 15 minutes"
            actions={
              <span class="row">
                <span class="legend">captured</span>
                <span class="legend" data-series="replayed">
                  applied
                </span>
              </span>
            }
          >
            <RateChart />
          </Card>
          <Card
            title="Recent replays"
            flush
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
                    <Empty icon="replays" title="No replay yet">
                      A replay plays any stretch of the history into a target. Begin with{" "}
                      <A href="/jobs/new" class="link">
                        a new one
                      </A>
                      , or <code>npx walstream jobs create --last 15m --start</code>.
                    </Empty>
                  }
                >
                  <JobTable jobs={page().items} compact />
                </Show>
              )}
            </Loaded>
          </Card>
        </div>
        <div class="stack">
          <ChecksCard checks={checks()} />
          <Loaded query={source} skeleton={<Skeleton lines={8} />}>
            {(data) => <SlotCard source={data()} />}
          </Loaded>
        </div>
      </div>
    </>
  )
}

export default OverviewPage
