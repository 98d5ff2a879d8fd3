import { Schema } from "effect"
import type { JobFailure } from "../domain/Job.ts"
import type { LogError } from "../log/LogError.ts"
import type { HistoryReplaced } from "./HistoryReplaced.ts"
import type { TargetError } from "./TargetError.ts"
import type { WindowError } from "./WindowResolver.ts"

/** The pinned store lost the window or failed, and the job is to read nothing else (`strict_source`). */
export class SourceLost extends Schema.TaggedError<SourceLost>()("SourceLost", {
  detail: Schema.String,
  fix: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return `${this.detail}, and strict_source forbids the archive`
  }
}

export type ReplayError = TargetError | LogError | WindowError | HistoryReplaced | SourceLost

/** What a runner does about an error: the whole policy. */
export type Verdict =
  /** Nobody's fault: again, with backoff, for as long as the lease can be renewed. */
  | { readonly _tag: "Retry" }
  /** The ledger stands elsewhere: read it, go on from there. */
  | { readonly _tag: "Reread" }
  /** One change is rejected: a few tries, then the job fails. */
  | {
      readonly _tag: "Rejected"
      readonly seq: number
      readonly ordinal: number
      readonly failure: JobFailure
    }
  /** Somebody else holds the job. */
  | { readonly _tag: "Stop" }
  /** A person has to do something. */
  | { readonly _tag: "Fail"; readonly failure: JobFailure }

/** The message with the way out: it is all that people see of the error. */
export const withFix = (error: ReplayError): string => {
  const fix = "fix" in error ? error.fix : null
  return fix === null ? error.message : `${error.message}. What to do: ${fix}`
}

const fail = (code: string, error: ReplayError): Verdict => ({
  _tag: "Fail",
  failure: { code, message: withFix(error), position: null }
})

const onTarget = (error: TargetError): Verdict => {
  const { reason } = error
  switch (reason._tag) {
    case "Unavailable":
      return { _tag: "Retry" }
    case "Moved":
      return { _tag: "Reread" }
    case "Fenced":
      return { _tag: "Stop" }
    case "Rejected":
      return {
        _tag: "Rejected",
        seq: reason.seq,
        ordinal: reason.ordinal,
        failure: { code: "rejected", message: withFix(error), position: null }
      }
    case "Unfit":
      return fail("target_unfit", error)
    case "SameAsSource":
      return fail("target_is_source", error)
    case "Overlap":
      return fail("overlap", error)
    case "Refused":
      return fail("target_refused", error)
  }
}

export const verdict = (error: ReplayError): Verdict => {
  switch (error._tag) {
    case "TargetError":
      return onTarget(error)
    case "HistoryRemoved":
      return fail("history_removed", error)
    case "HistoryReplaced":
      return fail("history_replaced", error)
    case "LsnUnknown":
      return fail("lsn_unknown", error)
    case "SourceLost":
      return fail("source_lost", error)
    case "LogError":
      if (error.isRetryable) return { _tag: "Retry" }
      return fail(error.reason._tag === "Missing" ? "history_missing" : "log_unreadable", error)
  }
}
