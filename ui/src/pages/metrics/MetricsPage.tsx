import { Schema } from "effect"
import { createMemo, For, Show } from "solid-js"
import { Button } from "../../kit/Button.tsx"
import { Segmented } from "../../kit/Form.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { PageHead } from "../../kit/Surface.tsx"
import { duration, plural, rate } from "../../lib/Numbers.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { rangeText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { charts } from "./Charts.ts"
import "./Metrics.css"
import { OperationsCard } from "./OperationsCard.tsx"
import { OutcomeCard } from "./OutcomeCard.tsx"
import type { Span } from "./Plot.tsx"
import { ArchiveCard, BufferCard } from "./StoresCard.tsx"
import { TimeChart } from "./TimeChart.tsx"

const ranges = [
  { value: "1m", label: "1 min", seconds: 60 },
  { value: "5m", label: "5 min", seconds: 300 },
  { value: "15m", label: "15 min", seconds: 900 },
  { value: "1h", label: "1 hour", seconds: 3600 }
] as const

const shape = {
  fields: {
    range: Schema.Literals(["1m", "5m", "15m", "1h"]),
    /** What was dragged over: RFC 3339. */
    from: Schema.String,
    until: Schema.String
  },
  defaults: { range: "5m", from: "", until: "" }
} as const

/** The figures of the last hour, and what they come to. */
const MetricsPage = () => {
  const { metrics, history, now, preferences } = useApp()
  const search = createSearchState(shape)
  const zoom = createMemo((): Span | null => {
    const { from, until } = search.value()
    const span = { from: Date.parse(from), until: Date.parse(until) }
    return span.until > span.from ? span : null
  })
  // By the server's clock, which the figures carry; while nothing is told the picture stands.
  const span = createMemo((): Span => {
    const until = history().at(-1)?.at ?? now().getTime()
    const seconds = ranges.find(({ value }) => value === search.value().range)?.seconds ?? 300
    return zoom() ?? { from: until - seconds * 1000, until }
  })
  const iso = (at: number) => new Date(at).toISOString()
  const setZoom = ({ from, until }: Span) =>
    search.set({ from: iso(from), until: iso(until) }, { push: true })
  const reset = () => search.set({ from: "", until: "" })

  const title = () => {
    const rates = metrics.latest()?.rates
    if (rates === undefined) return "No figures yet"
    if (rates.captured_changes === null) return "Capture tells nothing at the moment"
    const captured = `${rate(rates.captured_changes)} changes/s captured`
    return (rates.replayed_changes ?? 0) > 0
      ? `${captured}, ${rate(rates.replayed_changes)} replayed`
      : captured
  }
  const first = () => history()[0]?.at

  return (
    <>
      <PageHead
        title={title()}
        tab="Metrics"
        actions={
          <>
            <Show when={zoom()}>
              {(zoomed) => (
                <Button icon="close" onClick={reset} title="Back to the newest (double-click on a chart)">
                  {rangeText(new Date(zoomed().from), new Date(zoomed().until), preferences.values.zone)}
                </Button>
              )}
            </Show>
            <Segmented
              label="Range"
              options={ranges}
              value={zoom() === null ? search.value().range : null}
              onChange={(range) => search.set({ range, from: "", until: "" })}
            />
          </>
        }
      >
        <Show
          when={metrics.latest()?.ingest_latency_seconds}
          fallback="Nothing was committed in the last minute."
        >
          {(latency) => (
            <>
              Half of what was committed is durable within {duration(latency().p50)}, 99 of 100 within{" "}
              {duration(latency().p99)}: of {plural(latency().samples, "look")} in the last minute.
            </>
          )}
        </Show>
      </PageHead>
      <p class="faint" data-component="collected">
        <Show when={first()} fallback="The first figure comes within a second.">
          {(since) => (
            <>
              Since <Moment at={iso(since())} />, an hour at most: a look a second while this page is open,
              one each five seconds before. Where a line breaks off, nothing was known. Drag over a chart to
              look closer.
            </>
          )}
        </Show>
      </p>
      <div data-component="charts">
        <For each={charts}>
          {(chart) => <TimeChart {...chart} span={span()} onZoom={setZoom} onReset={reset} />}
        </For>
      </div>
      <div data-component="metric-cards">
        <OperationsCard />
        <OutcomeCard />
        <BufferCard />
        <ArchiveCard />
      </div>
    </>
  )
}

export default MetricsPage
