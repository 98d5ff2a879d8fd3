import type { JobJson } from "../../control/api/JobJson.ts"
import { changesDone, fractionDone, percentDone } from "./JobDone.ts"
import { count, waitsFor } from "./JobText.ts"
import { formatLength } from "./TimeWords.ts"

/** A job at some moment, for the rate between two of them. */
export interface Sample {
  readonly millis: number
  readonly done: number
  /** Of the window; null where it has no end yet. */
  readonly fraction: number | null
}

export const sampleOf = (job: JobJson, millis: number): Sample => ({
  millis,
  done: changesDone(job),
  fraction: fractionDone(job)
})

/** Changes a second since the oldest of the samples. */
export const rateOf = (samples: ReadonlyArray<Sample>): number => {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.millis <= first.millis) return 0
  return ((last.done - first.done) * 1000) / (last.millis - first.millis)
}

/** From what the samples say; null while they say nothing. By place in the window where no total is known. */
const secondsLeft = (job: JobJson, samples: ReadonlyArray<Sample>): number | null => {
  const rate = rateOf(samples)
  if (job.events_total !== null) return rate > 0 ? (job.events_total - changesDone(job)) / rate : null
  const [first, last] = [samples[0], samples.at(-1)]
  if (first?.fraction == null || last?.fraction == null || last.fraction <= first.fraction) return null
  return ((1 - last.fraction) * (last.millis - first.millis)) / (1000 * (last.fraction - first.fraction))
}

const bar = (fraction: number, width: number): string => {
  const full = Math.round(fraction * width)
  return `${"━".repeat(full)}${"─".repeat(width - full)}`
}

/** One line for a terminal of this width. */
export const progressLine = (job: JobJson, samples: ReadonlyArray<Sample>, columns: number): string => {
  const fraction = fractionDone(job)
  const rate = rateOf(samples)
  const left = job.status === "running" ? secondsLeft(job, samples) : null
  const waits = waitsFor(job)
  const speed = job.live?.effective_speed ?? null
  // A clock that is seconds younger than the saved one.
  const clock = job.live?.replay_clock ?? job.replay_clock
  const parts = [
    job.status,
    ...(waits === null ? [] : [`waits ${waits}`]),
    ...(fraction === null ? [] : [`${bar(fraction, 24)} ${percentDone(fraction).padStart(4)}`]),
    `${count(changesDone(job))} changes`,
    ...(rate > 0 ? [`${count(Math.round(rate))}/s`] : []),
    ...(clock === null ? [] : [`clock ${clock.slice(11, 19)}`]),
    ...(speed === null || job.speed_factor === "max"
      ? []
      : [`${Number(speed.toPrecision(3))}x of ${job.speed_factor}x`]),
    ...(job.live?.lag_seconds == null ? [] : [`lag ${job.live.lag_seconds.toFixed(1)}s`]),
    ...(left === null ? [] : [`about ${formatLength(left)} left`])
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
