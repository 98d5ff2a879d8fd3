import { keepPreviousData } from "@tanstack/query-core"
import { createMemo, createSignal, Show } from "solid-js"
import { Segmented } from "../../kit/Form.tsx"
import { ProblemView } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { count } from "../../lib/Numbers.ts"
import { clockText, dayText, minuteText, momentText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { Brush } from "./Brush.tsx"
import type { Stretch } from "./BrushMath.ts"
import type { JobForm } from "./Form.ts"

const ranges = [
  { value: "15m", label: "15 min", seconds: 900 },
  { value: "1h", label: "1 h", seconds: 3600 },
  { value: "6h", label: "6 h", seconds: 21_600 },
  { value: "24h", label: "24 h", seconds: 86_400 },
  { value: "7d", label: "7 d", seconds: 604_800 },
  { value: "all", label: "All", seconds: null }
] as const
export type Range = (typeof ranges)[number]["value"]
export const rangeNames = ranges.map(({ value }) => value)

interface WindowCardProps {
  /** `young`: all of a history of less than an hour, and an hour of any other. */
  readonly range: Range | "young"
  readonly onRange: (range: Range) => void
  readonly form: JobForm
  readonly onWindow: (start: string, end: string) => void
}

const buckets = 120

/** The change volume, and the window in it. */
export const WindowCard = (props: WindowCardProps) => {
  const { queries, preferences, now } = useApp()
  const zone = () => preferences.values.zone
  const coverage = useQuery(queries.coverage)
  const held = () => (coverage.isSuccess ? coverage.data.archive.coverage : null)
  const coverageStart = () => held()?.from_time ?? null
  const [shown, setShown] = createSignal<Stretch | null>(null)

  const young = createMemo((before: Range | null): Range | null => {
    const { from_time: from, to_time: until } = held() ?? {}
    if (before !== null || from == null || until == null) return before
    return Date.parse(until) - Date.parse(from) < 3_600_000 ? "all" : "1h"
  }, null)
  const range = () => (props.range === "young" ? (young() ?? "1h") : props.range)

  // The picture's right edge stands still until another range is chosen.
  const view = createMemo((before: { range: Range; start: number; end: number } | null) => {
    const until = held()?.to_time
    const from = held()?.from_time
    if (until == null || from == null) return before
    if (before?.range === range()) return before
    const seconds = ranges.find(({ value }) => value === range())?.seconds ?? null
    const end = Math.floor(Date.parse(until) / 1000) * 1000
    const start = seconds === null ? Math.floor(Date.parse(from) / 1000) * 1000 : end - seconds * 1000
    return { range: range(), start: Math.min(start, end - 1000), end }
  }, null)
  const iso = (millis: number) => new Date(Math.round(millis)).toISOString()
  const volume = useQuery(() => ({
    ...queries.volume({ start: iso(view()?.start ?? 0), end: iso(view()?.end ?? 1), buckets }),
    enabled: view() !== null,
    placeholderData: keepPreviousData
  }))

  const at = (share: number): number => {
    const held = view()
    return held === null ? 0 : held.start + share * (held.end - held.start)
  }
  const chosen = createMemo((): Stretch | null => {
    const held = view()
    if (shown() !== null || held === null) return shown()
    const share = (text: string | null, otherwise: number) =>
      text === null ? otherwise : (Date.parse(text) - held.start) / (held.end - held.start)
    // The beginning of the history may be in sight.
    const from = Math.max(0, share(props.form.start ?? coverageStart(), 0))
    const until = Math.min(1, share(props.form.follow ? null : props.form.end, 1))
    return from >= 1 || until <= 0 ? null : { from, until }
  })
  const ticks = () => {
    const held = view()
    if (held === null) return []
    const length = held.end - held.start
    const write = length > 2 * 86_400_000 ? dayText : length > 3_600_000 ? minuteText : clockText
    return [0, 0.25, 0.5, 0.75, 1].map((share) => write(new Date(at(share)), zone()))
  }
  const total = () =>
    volume.isSuccess ? volume.data.items.reduce((sum, { changes }) => sum + changes, 0) : null

  return (
    <Card
      title="Change volume"
      note={<Segmented label="Range" options={ranges} value={range()} onChange={props.onRange} />}
      actions={
        <span class="faint">
          {count(total())} changes in sight
          <Show when={held()?.from_time}>
            {(from) => ` · held since ${momentText(new Date(from()), zone(), now())} without a gap`}
          </Show>
        </span>
      }
    >
      <Show
        when={!volume.isError}
        fallback={<ProblemView error={volume.error} onRetry={() => void volume.refetch()} />}
      >
        <Brush
          buckets={volume.isSuccess ? volume.data.items : []}
          value={chosen()}
          textAt={(share) => momentText(new Date(at(share)), zone(), now())}
          ticks={ticks()}
          onDrag={setShown}
          onChange={({ from, until }) => {
            setShown(null)
            props.onWindow(iso(at(from)), iso(at(until)))
          }}
        />
      </Show>
    </Card>
  )
}
