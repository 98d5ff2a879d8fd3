import { createHash } from "node:crypto"
import type { Job } from "../domain/Job.ts"
import type { Micros } from "../domain/Micros.ts"
import type { JobFilter } from "../replay/JobStore.ts"
import { decodeCursor, encodeCursor } from "./PageCursor.ts"
import { uuid } from "./Uuid.ts"

/** Where a page of the list of jobs ends. */
export interface JobCursor {
  readonly createdAt: Micros
  readonly id: string
}

/** The same for lists of the same jobs in the same order. */
const filterText = ({ statuses, createdAfter, oldestFirst }: JobFilter): string =>
  createHash("sha256")
    .update(
      JSON.stringify([statuses === null ? null : [...new Set(statuses)].sort(), createdAfter, oldestFirst])
    )
    .digest("base64url")
    .slice(0, 16)

export const encodeJobCursor = (job: Pick<Job, "createdAt" | "id">, filter: JobFilter): string =>
  encodeCursor(String(job.createdAt), job.id, filterText(filter))

/** Undefined when the text is no cursor of a list with this filter. */
export const decodeJobCursor = (text: string, filter: JobFilter): JobCursor | undefined => {
  const [createdAt = "", id = "", of, ...more] = decodeCursor(text) ?? []
  if (!/^\d{1,16}$/u.test(createdAt) || !uuid.test(id) || more.length > 0) return undefined
  return of === filterText(filter) ? { createdAt: Number(createdAt), id } : undefined
}
