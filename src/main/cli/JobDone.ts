import type { JobJson } from "../../control/api/JobJson.ts"

/** The changes that are at the target, whether this job brought them or found them there. */
export const changesDone = (job: JobJson): number => job.events_processed + job.events_duplicate

/**
 * How far it is, from 0 to 1: by place in the window. Not by changes, since a filter passes over many.
 * Null where there is no end or no plan yet.
 */
export const fractionDone = (job: JobJson): number | null => {
  const { start_seq: start, end_seq: end, checkpoint } = job
  if (job.status === "completed") return 1
  if (start === null || end === null) return null
  if (checkpoint === null) return 0
  return end <= start ? 1 : Math.min(1, Math.max(0, (checkpoint.seq - start + 1) / (end - start)))
}

/** Rounded down: a job that has not all is not at 100%. */
export const percentDone = (fraction: number): string => `${Math.floor(fraction * 100)}%`
