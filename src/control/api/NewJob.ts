import { Schema } from "effect"
import { operations } from "../../domain/Change.ts"
import { dedupeModes, type JobSpec, mismatchModes } from "../../domain/Job.ts"
import { parseLength } from "../../domain/Length.ts"
import { type Lsn, parseLsn } from "../../domain/Lsn.ts"
import { type Micros, parseMicros } from "../../domain/Micros.ts"
import { LsnText, TableName, Time } from "./Fields.ts"

/** 0.1 to 100 times the original pace, or "max". */
export const SpeedFactor = Schema.Union([Schema.Finite, Schema.Literal("max")])
  .check(
    Schema.makeFilter((speed) =>
      speed === "max" || (speed >= 0.1 && speed <= 100) ? true : 'must be a number from 0.1 to 100, or "max"'
    )
  )
  .annotate({ expected: 'a number from 0.1 to 100, or "max"' })

export const JobName = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))

/** `90s`, `15m`, `1h30m`, `2d`. */
const Length = Schema.String.check(
  Schema.makeFilter((text) => {
    const seconds = parseLength(text)
    return seconds !== undefined && seconds > 0 && seconds <= 86_400 * 3660
      ? true
      : "must be a length of time such as 15m, 1h30m or 2d"
  })
).annotate({ examples: ["15m"] })

const NewJobFields = Schema.Struct({
  name: Schema.optionalKey(Schema.NullOr(JobName)),
  /** Null for the beginning of what is held. */
  start_time: Schema.optionalKey(Schema.NullOr(Time)),
  /** Left out: up to now, or on and on with `follow`. */
  end_time: Schema.optionalKey(Schema.NullOr(Time)),
  start_lsn: Schema.optionalKey(Schema.NullOr(LsnText)),
  end_lsn: Schema.optionalKey(Schema.NullOr(LsnText)),
  /** Instead of times and LSNs: from so long ago until now, both pinned at creation; with `follow` on and on. */
  last: Schema.optionalKey(Length),
  speed_factor: Schema.optionalKey(SpeedFactor),
  tables: Schema.optionalKey(Schema.NullOr(Schema.Array(TableName).check(Schema.isMaxLength(1000)))),
  operations: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Literals(operations)))),
  target: Schema.optionalKey(Schema.String),
  dry_run: Schema.optionalKey(Schema.Boolean),
  dedupe: Schema.optionalKey(Schema.Literals(dedupeModes)),
  on_mismatch: Schema.optionalKey(Schema.Literals(mismatchModes)),
  max_gap_seconds: Schema.optionalKey(
    Schema.NullOr(
      Schema.Finite.check(
        Schema.makeFilter((seconds) =>
          seconds >= 0 && seconds <= 86_400 * 365 ? true : "must be from 0 to 31536000"
        )
      )
    )
  ),
  follow: Schema.optionalKey(Schema.Boolean),
  strict_source: Schema.optionalKey(Schema.Boolean)
})
type Fields = typeof NewJobFields.Type

const time = (text: string | null | undefined): Micros | null => parseMicros(text ?? "") ?? null
const lsn = (text: string | null | undefined): Lsn | null => parseLsn(text ?? "") ?? null

/** What holds between fields. */
const faults = (job: Fields) => {
  const found: Array<{ path: [string]; issue: string }> = []
  const startTime = time(job.start_time)
  const endTime = time(job.end_time)
  const startLsn = lsn(job.start_lsn)
  const endLsn = lsn(job.end_lsn)
  if (job.last !== undefined) {
    for (const field of ["start_time", "end_time", "start_lsn", "end_lsn"] as const) {
      if (job[field] !== undefined) found.push({ path: [field], issue: "cannot be given together with last" })
    }
    return found
  }
  if (job.start_time === undefined && startLsn === null) {
    found.push({
      path: ["start_time"],
      issue: "is missing: give a time, null for the beginning of the history, start_lsn, or last"
    })
  }
  if (startTime !== null && endTime !== null && endTime < startTime) {
    found.push({ path: ["end_time"], issue: "must not be before start_time" })
  }
  if (startLsn !== null && endLsn !== null && endLsn < startLsn) {
    found.push({ path: ["end_lsn"], issue: "must not be before start_lsn" })
  }
  if (job.follow === true && (endTime !== null || endLsn !== null)) {
    found.push({ path: ["follow"], issue: "cannot be true together with an end" })
  }
  return found
}

/** What a person asks for. */
export const NewJob = NewJobFields.check(Schema.makeFilter(faults)).annotate({ identifier: "NewJob" })
export type NewJob = typeof NewJob.Type

const windowOf = (job: NewJob, now: Micros): Pick<JobSpec, "startTime" | "endTime"> => {
  const seconds = parseLength(job.last ?? "")
  if (seconds === undefined) return { startTime: time(job.start_time), endTime: time(job.end_time) }
  return {
    startTime: Math.max(0, now - Math.round(seconds * 1_000_000)),
    endTime: job.follow === true ? null : now
  }
}

/** `now`: what `last` counts back from. */
export const jobSpecOf = (job: NewJob, now: Micros): JobSpec => ({
  name: job.name ?? null,
  ...windowOf(job, now),
  startLsn: lsn(job.start_lsn),
  endLsn: lsn(job.end_lsn),
  speed: job.speed_factor ?? 1,
  tables: job.tables ?? null,
  operations: job.operations ?? null,
  target: job.target ?? "default",
  dryRun: job.dry_run ?? false,
  dedupe: job.dedupe ?? "target",
  onMismatch: job.on_mismatch ?? "converge",
  maxGapSeconds: job.max_gap_seconds ?? null,
  follow: job.follow ?? false,
  strictSource: job.strict_source ?? false
})
