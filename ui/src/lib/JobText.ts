import type { JobJson } from "../../../src/control/api/JobJson.ts"
import { count, missing } from "./Numbers.ts"
import { rangeText, type Zone } from "./Time.ts"

/** Its name, or what it is known by without one. */
export const jobTitle = ({ name, id }: Pick<JobJson, "name" | "id">): string =>
  name ?? `Replay ${id.slice(0, 8)}`

type Window = Pick<
  JobJson,
  "start_time" | "end_time" | "start_lsn" | "end_lsn" | "start_seq" | "end_seq" | "follow"
>

/** The stretch of history, as it was asked for. */
export const windowText = (job: Window, zone: Zone): string => {
  const { start_time: from, end_time: until, start_lsn: fromLsn, end_lsn: untilLsn } = job
  if (from !== null && until !== null) return rangeText(new Date(from), new Date(until), zone)
  if (fromLsn !== null) return `${fromLsn} – ${untilLsn ?? (job.follow ? "on" : "now")}`
  const start =
    from === null ? "the beginning" : rangeText(new Date(from), new Date(from), zone).split(" – ")[0]
  return job.follow ? `from ${start} on` : `from ${start}`
}

/** How much of it is done, from 0 to 1; null where nobody knows. */
export const progressOf = (job: JobJson): number | null => {
  if (job.status === "completed") return 1
  if (job.follow || job.start_seq === null || job.end_seq === null) return null
  if (job.end_seq <= job.start_seq) return null
  if (job.events_total !== null && job.events_total > 0) {
    return Math.min(1, doneOf(job) / job.events_total)
  }
  const at = job.checkpoint?.seq ?? job.start_seq - 1
  return Math.max(0, Math.min(1, (at - job.start_seq + 1) / (job.end_seq - job.start_seq)))
}

/** Changes that are behind it: applied, found there, or passed over. */
export const doneOf = (
  job: Pick<JobJson, "events_processed" | "events_duplicate" | "events_skipped">
): number => job.events_processed + job.events_duplicate + job.events_skipped

export const seqText = (first: number | null, end: number | null): string =>
  first === null || end === null ? missing : `${count(first)} … ${count(end - 1)}`
