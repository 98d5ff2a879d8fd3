import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import type { NewJob } from "../../../../src/control/api/NewJob.ts"
import type { Operation } from "../../../../src/domain/Change.ts"
import type { DedupeMode, MismatchMode } from "../../../../src/domain/Job.ts"
import type { Speed } from "../../kit/SpeedControl.tsx"

/** What a person has chosen so far. */
export interface JobForm {
  readonly name: string
  /** RFC 3339; null for the beginning of the history. */
  readonly start: string | null
  /** Null: with `follow` on and on, else up to now. */
  readonly end: string | null
  readonly follow: boolean
  readonly speed: Speed
  /** `schema.table`; none for all. */
  readonly tables: ReadonlyArray<string>
  /** None for all. */
  readonly operations: ReadonlyArray<Operation>
  readonly target: string
  readonly dryRun: boolean
  readonly maxGapSeconds: number | null
  readonly dedupe: DedupeMode
  readonly onMismatch: MismatchMode
}

export const emptyForm: JobForm = {
  name: "",
  start: null,
  end: null,
  follow: false,
  speed: 1,
  tables: [],
  operations: [],
  target: "default",
  dryRun: false,
  maxGapSeconds: null,
  dedupe: "target",
  onMismatch: "converge"
}

/** The request that it makes: only what differs from what the server takes by itself. */
export const newJobOf = (form: JobForm): NewJob => ({
  ...(form.name.trim() === "" ? {} : { name: form.name.trim() }),
  start_time: form.start,
  ...(form.end === null || form.follow ? {} : { end_time: form.end }),
  speed_factor: form.speed,
  ...(form.tables.length === 0 ? {} : { tables: form.tables }),
  ...(form.operations.length === 0 ? {} : { operations: form.operations }),
  target: form.target,
  ...(form.dryRun ? { dry_run: true } : {}),
  ...(form.follow ? { follow: true } : {}),
  ...(form.maxGapSeconds === null ? {} : { max_gap_seconds: form.maxGapSeconds }),
  ...(form.dedupe === "target" ? {} : { dedupe: form.dedupe }),
  ...(form.onMismatch === "converge" ? {} : { on_mismatch: form.onMismatch })
})

/** Another of the same kind. */
export const formOf = (job: JobJson): JobForm => ({
  name: job.name === null ? "" : `${job.name} again`.slice(0, 200),
  start: job.start_time,
  end: job.end_time,
  follow: job.follow,
  speed: job.speed_factor,
  tables: job.tables ?? [],
  operations: job.operations ?? [],
  target: job.target,
  dryRun: job.dry_run,
  maxGapSeconds: job.max_gap_seconds,
  dedupe: job.dedupe,
  onMismatch: job.on_mismatch
})
