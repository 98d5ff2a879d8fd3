import type { JobJson } from "../../control/api/JobJson.ts"
import { count, waitsFor } from "./JobText.ts"
import { formatLength } from "./TimeWords.ts"

/** A job at some moment, for the rate between two of them. */
export interface Sample {
  readonly millis: number
  readonly done: number
}

export const sampleOf = (job: JobJson, millis: number): Sample => ({
  millis,
  done: job.events_processed + job.events_duplicate
})

/** Changes a second since the oldest of the samples. */
export const rateOf = (samples: ReadonlyArray<Sample>): number => {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.millis <= first.millis) return 0
  return ((last.done - first.done) * 1000) / (last.millis - first.millis)
}

/**
 * How far it is, from 0 to 1: by place in the window. Not by changes, since a filter passes over many.
 * Null where there is no end or no plan yet.
 */
export const fractionOf = (job: JobJson): number | null => {
  const { start_seq: start, end_seq: end, checkpoint } = job
  if (job.status === "completed") return 1
  if (start === null || end === null) return null
  if (checkpoint === null) return 0
  return end <= start ? 1 : Math.min(1, Math.max(0, (checkpoint.seq - start + 1) / (end - start)))
}

const bar = (fraction: number, width: number): string => {
  const full = Math.round(fraction * width)
  return `${"━".repeat(full)}${"─".repeat(width - full)}`
}

/** One line for a terminal of this width. */
export const progressLine = (job: JobJson, rate: number, columns: number): string => {
  const fraction = fractionOf(job)
  const done = job.events_processed + job.events_duplicate
  const waits = waitsFor(job)
  const speed = job.live?.effective_speed ?? null
  // A clock that is seconds younger than the saved one.
  const clock = job.live?.replay_clock ?? job.replay_clock
  const parts = [
    job.status,
    ...(waits === null ? [] : [`waits ${waits}`]),
    ...(fraction === null ? [] : [`${bar(fraction, 24)} ${String(Math.floor(fraction * 100)).padStart(3)}%`]),
    `${count(done)} changes`,
    ...(rate > 0 ? [`${count(Math.round(rate))}/s`] : []),
    ...(clock === null ? [] : [`clock ${clock.slice(11, 19)}`]),
    ...(speed === null || job.speed_factor === "max"
      ? []
      : [`${Number(speed.toPrecision(3))}x of ${job.speed_factor}x`]),
    ...(job.live?.lag_seconds == null ? [] : [`lag ${job.live.lag_seconds.toFixed(1)}s`]),
    ...(rate > 0 && job.events_total !== null && job.status === "running"
      ? [`about ${formatLength((job.events_total - done) / rate)} left`]
      : [])
  ]
  return parts.join("  ").slice(0, Math.max(20, columns - 1))
}

/** A sentence about how it ended, or where it stands. */
export const outcomeLine = (job: JobJson): string => {
  const details = [
    `${count(job.events_processed)} applied`,
    ...(job.events_duplicate === 0 ? [] : [`${count(job.events_duplicate)} already there`]),
    ...(job.events_converged === 0 ? [] : [`${count(job.events_converged)} converged`])
  ].join(", ")
  const reason =
    job.error === null
      ? ""
      : `: ${job.error.message}${job.error.position === null ? "" : ` at ${job.error.position}`}`
  return `job ${job.id} ${job.status} (${details})${reason}`
}
