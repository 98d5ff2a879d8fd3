import { createMemo, For, Show } from "solid-js"
import { rate, short } from "../../lib/Numbers.ts"
import { clockText, minuteText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import type { MetricPoint } from "../../state/MetricsHistory.ts"
import { silence } from "../../state/MetricsHistory.ts"
import { areaPath, linePath, niceTop } from "./ChartPaths.ts"
import "./RateChart.css"

const size = { width: 560, height: 150 }
const least = 60_000
const mostMinutes = 15
const most = mostMinutes * 60_000

/** Both rates of the last quarter of an hour. Gaps are gaps. */
export const RateChart = () => {
  const { history, now, preferences } = useApp()
  const samples = createMemo(() => {
    const since = (history().at(-1)?.at ?? 0) - most
    return history().filter(({ at }) => at >= since)
  })
  /** It grows with what there is to show, up to a quarter of an hour. */
  const span = () => Math.min(most, Math.max(least, until() - (samples()[0]?.at ?? until())))
  const until = () => Math.max(samples().at(-1)?.at ?? 0, now().getTime())
  const top = createMemo(() =>
    niceTop(Math.max(1, ...samples().flatMap(({ captured, replayed }) => [captured ?? 0, replayed ?? 0])))
  )
  const points = (of: (sample: MetricPoint) => number | null) =>
    samples().map((sample) => {
      const value = of(sample)
      const x = ((sample.at - until() + span()) / span()) * size.width
      return { x, y: value === null ? null : size.height - (value / top()) * size.height }
    })
  const widest = () => (silence / span()) * size.width
  const captured = createMemo(() => points((sample) => sample.captured))
  const replayed = createMemo(() => points((sample) => sample.replayed))
  const summary = () => {
    const last = samples().at(-1)
    return `The last ${mostMinutes} minutes at most. At the moment ${rate(last?.captured)} changes a second are captured and ${rate(last?.replayed)} applied.`
  }
  const ticks = () => [0, 0.25, 0.5, 0.75, 1].map((share) => new Date(until() - span() + share * span()))
  const write = () => (span() < 4 * 60_000 ? clockText : minuteText)
  return (
    <figure data-component="rate-chart">
      <figcaption class="sr-only">{summary()}</figcaption>
      <div data-part="plot">
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
          <For each={[0, 0.25, 0.5, 0.75]}>
            {(share) => <path d={`M0 ${share * size.height}H${size.width}`} data-part="grid" />}
          </For>
          <path d={areaPath(captured(), widest(), size.height)} data-part="area" data-series="captured" />
          <path d={linePath(captured(), widest())} data-part="line" data-series="captured" />
          <path d={areaPath(replayed(), widest(), size.height)} data-part="area" data-series="replayed" />
          <path d={linePath(replayed(), widest())} data-part="line" data-series="replayed" />
        </svg>
        <For each={[1, 0.75, 0.5, 0.25]}>
          {(share) => <span data-part="value">{short(top() * share)}</span>}
        </For>
        <Show when={samples().length === 0}>
          <p class="faint" data-part="young">
            The first figures come in a moment.
          </p>
        </Show>
      </div>
      <p data-part="ticks" aria-hidden="true">
        <For each={ticks()}>{(tick) => <span>{write()(tick, preferences.values.zone)}</span>}</For>
      </p>
    </figure>
  )
}
