import { Schema } from "effect"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import type { NewJob } from "../../../../src/control/api/NewJob.ts"
import { type Operation, operations } from "../../../../src/domain/Change.ts"
import { type DedupeMode, dedupeModes, type MismatchMode, mismatchModes } from "../../../../src/domain/Job.ts"
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

const yes = Schema.Literals(["", "yes"])

/** The form as its page's address has it: a reload or a link shows the same. */
export const formFields = {
  name: Schema.String,
  start: Schema.String,
  end: Schema.String,
  speed: Schema.String,
  tables: Schema.String,
  operations: Schema.String,
  target: Schema.String,
  dry: yes,
  follow: yes,
  gap: Schema.String,
  dedupe: Schema.Literals(dedupeModes),
  mismatch: Schema.Literals(mismatchModes)
}
type Address = { readonly [K in keyof typeof formFields]: (typeof formFields)[K]["Type"] }

export const addressOf = (form: JobForm): Address => ({
  name: form.name,
  start: form.start ?? "",
  end: form.end ?? "",
  speed: String(form.speed),
  tables: form.tables.join(","),
  operations: form.operations.join(","),
  target: form.target,
  dry: form.dryRun ? "yes" : "",
  follow: form.follow ? "yes" : "",
  gap: form.maxGapSeconds === null ? "" : String(form.maxGapSeconds),
  dedupe: form.dedupe,
  mismatch: form.onMismatch
})

const timeIn = (text: string): string | null => (Number.isNaN(Date.parse(text)) ? null : text)
const speedIn = (text: string): Speed =>
  text === "max" ? text : Number(text) >= 0.1 && Number(text) <= 100 ? Number(text) : emptyForm.speed
const listIn = (text: string): ReadonlyArray<string> => text.split(",").filter(Boolean)

/** What somebody typed into the address and cannot be read is as if it were not there. */
export const formIn = (address: Address): JobForm => ({
  name: address.name.slice(0, 200),
  start: timeIn(address.start),
  end: timeIn(address.end),
  follow: address.follow === "yes",
  speed: speedIn(address.speed),
  tables: listIn(address.tables),
  operations: operations.filter((operation) => listIn(address.operations).includes(operation)),
  target: address.target,
  dryRun: address.dry === "yes",
  maxGapSeconds: Number(address.gap) > 0 ? Number(address.gap) : null,
  dedupe: address.dedupe,
  onMismatch: address.mismatch
})

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
