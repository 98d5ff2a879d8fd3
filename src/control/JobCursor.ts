import type { Job } from "../domain/Job.ts"
import type { JobStatus } from "../domain/JobStatus.ts"
import type { Micros } from "../domain/Micros.ts"

/** Where a page of the list of jobs ends: newest first, so the next page is older than this. */
export interface JobCursor {
  readonly createdAt: Micros
  readonly id: string
}

const filterText = (statuses: ReadonlyArray<JobStatus> | null): string =>
  statuses === null ? "all" : [...new Set(statuses)].sort().join("+")

const shape = /^(\d{1,16}) ([0-9a-f-]{36}) (\S+)$/u

/** Opaque outside: base64url of place and filter. */
export const encodeJobCursor = (
  job: Pick<Job, "createdAt" | "id">,
  statuses: ReadonlyArray<JobStatus> | null
): string =>
  btoa(`${job.createdAt} ${job.id} ${filterText(statuses)}`)
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

/** Undefined when the text is no cursor of a list with this filter. */
export const decodeJobCursor = (
  text: string,
  statuses: ReadonlyArray<JobStatus> | null
): JobCursor | undefined => {
  let plain: string
  try {
    plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  } catch {
    return undefined
  }
  const match = shape.exec(plain)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  return match[3] === filterText(statuses) ? { createdAt: Number(match[1]), id: match[2] } : undefined
}
