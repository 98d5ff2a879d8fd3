import { keepPreviousData } from "@tanstack/query-core"
import { createMemo, For, Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import type { JobAction } from "../../../../src/domain/JobStatus.ts"
import { Histogram } from "../../kit/Histogram.tsx"
import { Icon } from "../../kit/Icon.tsx"
import { statusText } from "../../kit/Marks.tsx"
import { SpeedControl } from "../../kit/SpeedControl.tsx"
import { doneOf, progressOf } from "../../lib/JobText.ts"
import { duration, missing, rate } from "../../lib/Numbers.ts"
import { clockText, dayText, minuteText, preciseText, zoneName } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { type JobDeeds, whyNot } from "../jobs/JobDeeds.ts"
import { createRate } from "./AppliedRate.ts"
import "./Deck.css"
import { createReplayClock } from "./ReplayClock.ts"

interface DeckProps {
  readonly job: JobJson
  readonly deeds: JobDeeds
  readonly mayAct: boolean
}

const buckets = 100

/** What the round button does now. */
const nextAction = ({ status }: JobJson): JobAction =>
  status === "pending" ? "start" : status === "running" || status === "queued" ? "pause" : "resume"

const buttonWords: Readonly<Record<JobAction, string>> = {
  start: "Start",
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel"
}

/** The round button: play or pause, or why neither. */
const PlayButton = (props: DeckProps) => {
  const action = () => nextAction(props.job)
  const blocked = () =>
    props.mayAct ? whyNot(action(), props.job.status) : "Your role may watch, but not run replays"
  return (
    <button
      type="button"
      data-part="play"
      aria-label={
        props.deeds.pending() === action() ? props.deeds.label(action(), "") : buttonWords[action()]
      }
      aria-disabled={blocked() !== null || props.deeds.pending() !== null ? "true" : undefined}
      aria-busy={props.deeds.pending() !== null ? "true" : undefined}
      title={blocked() ?? `${buttonWords[action()]} (Space)`}
      onClick={() => {
        if (blocked() === null && props.deeds.pending() === null) void props.deeds.act(action())
      }}
    >
      <Icon name={action() === "pause" ? "pause" : "play"} size={18} />
    </button>
  )
}

/** A replay as a recording that is played: the source's clock, where it stands in its window, how fast. */
export const Deck = (props: DeckProps) => {
  const { queries, preferences, now } = useApp()
  const zone = () => preferences.values.zone
  const coverage = useQuery(queries.coverage)
  const clock = createReplayClock(() => props.job)
  const applied = createRate(() => doneOf(props.job), now)

  const window = createMemo((before: { start: string; end: string } | null) => {
    const held = coverage.isSuccess ? coverage.data.archive.coverage : null
    const start = props.job.start_time ?? held?.from_time ?? null
    // What follows has no end: the picture ends where it began to be looked at.
    const end = props.job.end_time ?? before?.end ?? held?.to_time ?? null
    if (start === null || end === null || start >= end) return before
    return before !== null && before.start === start && before.end === end ? before : { start, end }
  }, null)
  const volume = useQuery(() => ({
    ...queries.volume({ start: window()?.start ?? "", end: window()?.end ?? "", buckets }),
    enabled: window() !== null,
    placeholderData: keepPreviousData
  }))

  const played = () => {
    const at = clock()
    const held = window()
    if (props.job.status === "completed") return 1
    if (at === null || held === null) return 0
    const start = Date.parse(held.start)
    return Math.max(0, Math.min(1, (at.getTime() - start) / (Date.parse(held.end) - start)))
  }
  const left = (): number | null => {
    const { job } = props
    if (job.status !== "running" || job.follow) return null
    const pace = job.live?.effective_speed
    const at = clock()
    if (job.speed_factor !== "max" && pace && at !== null && window() !== null) {
      return Math.max(0, (Date.parse(window()?.end ?? "") - at.getTime()) / 1000 / pace)
    }
    const share = progressOf(job)
    const fast = applied()
    if (share === null || share <= 0 || fast === null || fast <= 0) return null
    return (doneOf(job) / share - doneOf(job)) / fast
  }
  const ticks = () => {
    const held = window()
    if (held === null) return []
    const start = Date.parse(held.start)
    const length = Date.parse(held.end) - start
    const write = length < 20 * 60_000 ? clockText : minuteText
    return [0, 0.25, 0.5, 0.75, 1].map((share) => write(new Date(start + share * length), zone()))
  }
  const reached = () => `${Math.round(played() * 100)} percent of its window played`

  return (
    <section data-component="deck" aria-label="Replay controls">
      <div data-part="row">
        <PlayButton {...props} />
        <div data-part="clock">
          <Show when={clock()} fallback={<span class="faint">--:--:--</span>}>
            {(at) => <time datetime={at().toISOString()}>{preciseText(at(), zone())}</time>}
          </Show>
          <small>
            <Show when={clock()} fallback="source time">
              {(at) => `source time, ${dayText(at(), zone())} ${zoneName(at(), zone())}`}
            </Show>
          </small>
        </div>
        <span class="grow" />
        <dl data-part="figures">
          <div>
            <dt>{props.job.follow ? "behind" : "left at this speed"}</dt>
            <dd>{props.job.follow ? duration(props.job.live?.lag_seconds) : duration(left())}</dd>
          </div>
          <div>
            <dt>applied</dt>
            <dd>{props.job.status === "running" ? `${rate(applied())}/s` : missing}</dd>
          </div>
        </dl>
        <SpeedControl
          value={props.job.speed_factor}
          disabled={!props.mayAct}
          onChange={(speed_factor) => void props.deeds.update({ speed_factor })}
        />
      </div>
      <div data-part="scrub" role="img" aria-label={`${reached()}; bars are how much was committed when`}>
        <Histogram buckets={volume.isSuccess ? volume.data.items : []} />
        <div data-part="played" style={{ width: `${played() * 100}%` }} />
      </div>
      <p class="ticks" aria-hidden="true">
        <For each={ticks()}>{(tick) => <span>{tick}</span>}</For>
      </p>
      <p class="sr-only" role="status">
        {statusText(props.job.status, props.job.follow)}
      </p>
    </section>
  )
}
