import type { JobJson } from "../../control/api/JobJson.ts"
import { changesDone, fractionDone, percentDone } from "./JobDone.ts"
import { textTable } from "./TextTable.ts"

/** 1,234,567 */
export const count = (value: number): string => value.toLocaleString("en-US")

/** To the second. */
export const plainTime = (time: string | null): string =>
  time === null ? "-" : time.replace("T", " ").replace(/\.\d+Z$/u, "Z")

const speed = (job: JobJson): string => (job.speed_factor === "max" ? "max" : `${job.speed_factor}x`)

/** What a job covers, in a few words. */
const stretch = (job: JobJson): string => {
  const start = job.start_lsn ?? (job.start_time === null ? "the beginning" : plainTime(job.start_time))
  const end = job.end_lsn ?? (job.end_time === null ? null : plainTime(job.end_time))
  if (end !== null) return `${start} to ${end}`
  return job.follow ? `${start}, and on and on` : `${start} to what is there when it starts`
}

/** Of how many, or how far in the window where a filter leaves that open. */
const done = (job: JobJson): string => {
  const fraction = fractionDone(job)
  const place = fraction === null ? "" : ` (${percentDone(fraction)})`
  const total = job.events_total === null ? place : `/${count(job.events_total)}`
  return `${count(changesDone(job))}${total}`
}

/** A table of jobs, a line each. */
export const jobTable = (jobs: ReadonlyArray<JobJson>): string =>
  jobs.length === 0
    ? "no jobs"
    : textTable([
        ["ID", "STATUS", "SPEED", "DONE", "CREATED", "NAME"],
        ...jobs.map((job) => [
          job.id,
          job.status,
          speed(job),
          done(job),
          plainTime(job.created_at),
          job.name ?? ""
        ])
      ])

/** `1.02x of 10x`: what is reached of what was asked for. */
const speedText = (job: JobJson): string => {
  const reached = job.live?.effective_speed ?? null
  return reached === null ? speed(job) : `${speed(job)}, runs at ${Number(reached.toPrecision(3))}x`
}

const modes = {
  replica: "triggers and foreign keys do not fire",
  origin: "triggers and foreign keys fire: the role may not turn them off",
  dry_run: "nothing is written"
} as const

const applyText = ({ apply }: NonNullable<JobJson["live"]>): string | null => {
  if (apply === null) return null
  const order = apply.order === "net_effect" ? "net effect" : `row by row (${apply.reason})`
  return `${apply.mode}: ${modes[apply.mode]}; ${order}`
}

/** What a running job waits for; null when it does not. */
export const waitsFor = ({ live }: JobJson): string | null =>
  live === null || live.retrying === null
    ? null
    : `since ${plainTime(live.retrying.since).slice(11, 19)} (try ${live.retrying.attempt}): ${live.retrying.reason}`

/** How it goes where it runs. */
const liveRows = ({ live }: JobJson): ReadonlyArray<readonly [string, string | null]> =>
  live === null
    ? []
    : [
        ["phase", live.phase],
        ["late by", live.pacing_error_ms === null ? null : `${live.pacing_error_ms.p99} ms (p99)`],
        ["lag", live.lag_seconds === null ? null : `${live.lag_seconds.toFixed(1)} s behind the log's end`],
        ["applies", applyText(live)],
        [
          "batch",
          live.batch === null
            ? null
            : `${count(live.batch.changes)} changes for ${live.batch.seconds.toFixed(1)} s`
        ]
      ]

/** All that a person wants to know of one job. */
export const jobDetails = (job: JobJson): string => {
  const rows: ReadonlyArray<readonly [string, string | null]> = [
    ["job", job.id],
    ["name", job.name],
    ["status", job.status],
    ["window", stretch(job)],
    ["seq", job.start_seq === null ? null : `${job.start_seq} to ${job.end_seq ?? "the log's end"}`],
    ["speed", speedText(job)],
    ["tables", job.tables?.join(", ") ?? null],
    ["operations", job.operations?.join(", ") ?? null],
    ["target", `${job.target}${job.dry_run ? " (dry run)" : ""}`],
    ["reads", job.replay_source === null ? null : `${job.replay_source}: ${job.replay_source_reason}`],
    ["changes", done(job)],
    ["duplicates", job.events_duplicate === 0 ? null : count(job.events_duplicate)],
    ["converged", job.events_converged === 0 ? null : count(job.events_converged)],
    ["position", job.last_position],
    ["clock", job.replay_clock === null ? null : plainTime(job.replay_clock)],
    ...liveRows(job),
    ["waits", waitsFor(job)],
    ["worker", job.worker_id === null ? null : `${job.worker_id}, epoch ${job.lease_epoch}`],
    ["lease", job.lease_expires_at === null ? null : `ends at ${plainTime(job.lease_expires_at)}`],
    ["error", job.error === null ? null : `${job.error.message} (${job.error.code})`],
    ["at", job.error?.position ?? null],
    ["created", plainTime(job.created_at)],
    ["started", job.started_at === null ? null : plainTime(job.started_at)],
    ["ended", job.completed_at === null ? null : plainTime(job.completed_at)],
    ...job.warnings.map(({ message }) => ["warning", message] as const)
  ]
  return rows
    .filter((row) => row[1] !== null)
    .map(([name, value]) => `${name.padEnd(11)}${value}`)
    .join("\n")
}
