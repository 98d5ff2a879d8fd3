import type { Job, JobPlan } from "../domain/Job.ts"
import { formatLsn } from "../domain/Lsn.ts"
import { formatMicros } from "../domain/Micros.ts"
import type { CoverageStart } from "../ingest/IngestState.ts"
import type { JobWarning } from "./api/JobJson.ts"

/** A place in the history. */
export type Place = Pick<CoverageStart, "seq" | "commitLsn" | "commitTime">

/**
 * What is not in the history of one table, though it happened.
 * `changes`: what was written before the table joined. (Where it had been captured without a replica identity:
 * updates and deletes.) `updates_and_deletes`: while it had no replica identity.
 */
export interface Hole {
  readonly table: string
  readonly missing: "changes" | "updates_and_deletes"
  /** Null: since the history's beginning. */
  readonly from: Place | null
  /** The first transaction that is no longer part of it; null while it is open. */
  readonly until: Place | null
}

/** From what the history says of its tables, in order of seq. Holes that end before `firstSeq` are history themselves. */
export const holesOf = (starts: ReadonlyArray<CoverageStart>, firstSeq: number): ReadonlyArray<Hole> => {
  const holes: Array<Hole> = []
  for (const [table, said] of Map.groupBy(starts, (start) => start.table)) {
    let open: Hole | null = { table, missing: "changes", from: null, until: null }
    for (const start of said) {
      if (start.captured === "all") {
        if (open !== null) holes.push({ ...open, until: start })
        open = null
      } else if (open === null || open.from === null) {
        open = { table, missing: "updates_and_deletes", from: start, until: null }
      }
    }
    if (open !== null) holes.push(open)
  }
  return holes.filter(({ until }) => until === null || until.seq > firstSeq)
}

export interface Asked extends Pick<Job, "spec"> {
  readonly plan: Pick<JobPlan, "range"> | null
}

/** Whether the job's window reaches into the hole: by seq once it is pinned, else by what was asked for. */
export const isInWindow = ({ spec, plan }: Asked, { from, until }: Pick<Hole, "from" | "until">): boolean => {
  if (plan !== null) {
    const { start, end } = plan.range
    return (until === null || start < until.seq) && (from === null || end === null || end > from.seq)
  }
  const { startTime, endTime, startLsn, endLsn } = spec
  const isBehind =
    until !== null &&
    ((startTime !== null && startTime >= until.commitTime) ||
      (startLsn !== null && startLsn >= until.commitLsn))
  const isBefore =
    from !== null &&
    ((endTime !== null && endTime <= from.commitTime) || (endLsn !== null && endLsn <= from.commitLsn))
  return !isBehind && !isBefore
}

const isWanted = ({ spec }: Asked, { table, missing }: Hole): boolean => {
  if (spec.tables !== null && !spec.tables.includes(table)) return false
  if (missing === "changes" || spec.operations === null) return true
  return spec.operations.includes("update") || spec.operations.includes("delete")
}

/** A transaction, for people. */
export const placeText = ({ commitTime, commitLsn, seq }: Place): string =>
  `${formatMicros(commitTime)} (transaction ${seq}, ${formatLsn(commitLsn)})`

/** In a sentence, for people. */
export const holeText = ({ table, missing, from, until }: Hole): string => {
  if (missing === "changes") {
    return `${table} joined the history at ${until === null ? "its end" : placeText(until)}: what was written to it before is not in it`
  }
  const since = from === null ? "" : ` from ${placeText(from)}`
  const to = until === null ? "on, until it has one" : `to ${placeText(until)}`
  return `${table} had no replica identity${since} ${to}: its updates and deletes are not in the history`
}

/** As many as one warning should name. */
const shown = 5

/** What of a job's window and tables is not in the history: one warning for each kind. */
export const jobWarnings = (job: Asked, holes: ReadonlyArray<Hole>): ReadonlyArray<JobWarning> => {
  const touched = holes.filter((hole) => isInWindow(job, hole) && isWanted(job, hole))
  return [...Map.groupBy(touched, (hole) => hole.missing)].map(([missing, of]) => {
    const more = of.length > shown ? `; and ${of.length - shown} more (see system/coverage)` : ""
    return {
      code: missing === "changes" ? "late_table" : "no_identity",
      message: `${of.slice(0, shown).map(holeText).join("; ")}${more}`
    }
  })
}
