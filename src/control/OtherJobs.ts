import { makeFilter } from "../domain/Filter.ts"
import type { Job, JobSpec } from "../domain/Job.ts"
import type { SeqRange } from "../domain/Log.ts"
import { findOverlap, type Interval } from "../replay/target/Intervals.ts"
import type { JobWarning } from "./api/JobJson.ts"

/** What a job has applied to its target, as far as the control database knows. The target's ledger knows better. */
const intervalOf = ({ id, spec, plan, checkpoint }: Job): Interval | undefined =>
  plan === null || checkpoint === null || spec.dryRun
    ? undefined
    : {
        jobId: id,
        from: plan.range.start,
        to: checkpoint.position,
        filter: makeFilter(spec.tables, spec.operations),
        exceptions: []
      }

/** What the target would make of the window, by what other jobs have applied to it. */
export const overlapWarnings = (
  spec: Pick<JobSpec, "target" | "tables" | "operations" | "dedupe" | "dryRun">,
  range: SeqRange,
  history: string | null,
  jobs: ReadonlyArray<Job>
): ReadonlyArray<JobWarning> => {
  if (spec.dryRun || spec.dedupe !== "target") return []
  const intervals = jobs
    .filter((job) => job.spec.target === spec.target && job.plan?.history === history)
    .flatMap((job) => intervalOf(job) ?? [])
  const overlap = findOverlap(intervals, makeFilter(spec.tables, spec.operations), range.start)
  if (overlap !== undefined && (range.end === null || overlap.from < range.end)) {
    const { from, until } = overlap
    return [
      {
        code: "overlap",
        message: `other jobs have applied later changes to ${spec.target} than transactions ${from} to ${until - 1}: the job would be refused`
      }
    ]
  }
  const ends = intervals.filter(
    ({ from, to }) => to.seq >= range.start && (range.end === null || from < range.end)
  )
  if (ends.length === 0) return []
  const until = Math.max(...ends.map(({ to }) => to.seq))
  return [
    {
      code: "duplicates",
      message: `other jobs have applied part of the window to ${spec.target}, up to transaction ${until}: that is passed over as duplicate`
    }
  ]
}
