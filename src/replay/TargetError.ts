import { Schema } from "effect"

/** Why a target did not take a batch. None ever holds a cell's value. */
export const TargetErrorReason = Schema.Union([
  /** Connection lost, failover, lock time-out, serialization, disk full: not the change's fault. Retried under the lease. */
  Schema.TaggedStruct("Unavailable", { detail: Schema.String }),
  /** Another epoch owns the ledger: this holder must stop. */
  Schema.TaggedStruct("Fenced", { mine: Schema.Int, theirs: Schema.Int }),
  /** The ledger stands elsewhere than the batch follows: read it again and go on from there. */
  Schema.TaggedStruct("Moved", { seq: Schema.Int, ordinal: Schema.Int }),
  /** The target rejected this one change. `detail` is the server's message without its values. */
  Schema.TaggedStruct("Rejected", {
    seq: Schema.Int,
    ordinal: Schema.Int,
    table: Schema.String,
    sqlState: Schema.String,
    detail: Schema.String
  }),
  /** The target's tables do not fit: missing, narrower, no usable key. Found before the first write. */
  Schema.TaggedStruct("Unfit", { table: Schema.String, detail: Schema.String }),
  /** The target is the source itself. */
  Schema.TaggedStruct("SameAsSource", { detail: Schema.String }),
  /** The job would apply changes older than ones that are already applied. `from` inclusive, `until` exclusive. */
  Schema.TaggedStruct("Overlap", { from: Schema.Int, until: Schema.Int }),
  /** Wrong address, wrong password, no permission: a person has to mend it. */
  Schema.TaggedStruct("Refused", { detail: Schema.String })
])
export type TargetErrorReason = typeof TargetErrorReason.Type

const explain = (reason: TargetErrorReason): string => {
  switch (reason._tag) {
    case "Unavailable":
      return `does not answer: ${reason.detail}`
    case "Fenced":
      return `epoch ${reason.theirs} has taken over from ${reason.mine}`
    case "Moved":
      return `its ledger stands at ${reason.seq}:${reason.ordinal}`
    case "Rejected":
      return `rejected a change of ${reason.table} (${reason.sqlState}): ${reason.detail}`
    case "Unfit":
      return `table ${reason.table} does not fit: ${reason.detail}`
    case "SameAsSource":
      return `is the source itself: ${reason.detail}`
    case "Overlap":
      return `has already applied later changes; this job would apply transactions ${reason.from} to ${reason.until - 1} over them`
    case "Refused":
      return reason.detail
  }
}

/** What a person can do; null where there is nothing. */
const mend = (reason: TargetErrorReason): string | null => {
  switch (reason._tag) {
    case "Fenced":
    case "Moved":
      return null
    case "Unavailable":
      return "see that its server runs, has room, and is where the target's URL says; the job goes on by itself"
    case "Rejected":
      return "see why the target refuses it, mend that there, and resume the job: it goes on with this change, or behind it if it was told to skip it"
    case "Unfit":
      return `make it there as the source has it (pg_dump --schema-only --table=${reason.table}) and resume the job; or make a job whose tables leave it out`
    case "SameAsSource":
      return "name another database in the target's URL, and start WalStream again"
    case "Overlap":
      return "choose a later window; or make the target a copy of the source as of the window's start, without schema walstream"
    case "Refused":
      return "check the target's URL and what its role may do (`walstream doctor`), and resume the job"
  }
}

export class TargetError extends Schema.TaggedError<TargetError>()("TargetError", {
  target: Schema.String,
  reason: TargetErrorReason
}) {
  override get message(): string {
    return `target ${this.target}: ${explain(this.reason)}`
  }
  /** The way out, in words. */
  get fix(): string | null {
    return mend(this.reason)
  }
  get isRetryable(): boolean {
    return this.reason._tag === "Unavailable"
  }
}
