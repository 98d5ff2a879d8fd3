import { Schema } from "effect"

/** Why a store refused or failed. Each says what an operator can do; none ever holds a cell's value. */
export const LogErrorReason = Schema.Union([
  /** It cannot be reached or does not answer: worth another try. */
  Schema.TaggedStruct("Unavailable", { detail: Schema.String }),
  /** No room: nothing was written, worth another try when there is. */
  Schema.TaggedStruct("Full", { detail: Schema.String, fix: Schema.String }),
  /** What is stored cannot be read back: a person has to look. */
  Schema.TaggedStruct("Corrupt", { detail: Schema.String }),
  /**
   * What should be stored contradicts what is: somebody else wrote here, or the publication changed. `seq` is 0 when
   * it is about no transaction.
   */
  Schema.TaggedStruct("Conflict", { seq: Schema.Int, detail: Schema.String }),
  /** The store ends below its own mark: it has lost data. */
  Schema.TaggedStruct("BelowMark", { mark: Schema.Int, end: Schema.Int }),
  /** The store, or how we are to use it, would lose or wedge: somebody has to change a setting. */
  Schema.TaggedStruct("Unsuited", { detail: Schema.String, fix: Schema.String }),
  /** The asked-for stretch is not, or no longer, held. `from` is inclusive, `until` exclusive. */
  Schema.TaggedStruct("Missing", { from: Schema.Int, until: Schema.Int }),
  /** A server that answers, but not to us or not like this: credentials, rights, its kind. A person has to mend it. */
  Schema.TaggedStruct("Refused", { detail: Schema.String, fix: Schema.String })
])
export type LogErrorReason = typeof LogErrorReason.Type

const explain = (reason: LogErrorReason): string => {
  switch (reason._tag) {
    case "Unavailable":
      return `the store does not answer: ${reason.detail}`
    case "Full":
      return `no room left: ${reason.detail}`
    case "Corrupt":
      return `what is stored cannot be read: ${reason.detail}`
    case "Conflict":
      return reason.seq === 0
        ? reason.detail
        : `transaction ${reason.seq} contradicts what is stored: ${reason.detail}`
    case "BelowMark":
      return `the archive ends at ${reason.end} but its mark says ${reason.mark}: transactions ${reason.end + 1} to ${reason.mark} are lost`
    case "Unsuited":
      return reason.detail
    case "Missing":
      return `transactions ${reason.from} to ${reason.until - 1} are not held`
    case "Refused":
      return reason.detail
  }
}

const mend = (reason: LogErrorReason): string | null => {
  switch (reason._tag) {
    case "Unavailable":
    case "Missing":
      return null
    case "Full":
      return `${reason.fix}; it goes on by itself`
    case "Unsuited":
    case "Refused":
      return reason.fix
    case "Corrupt":
    case "BelowMark":
      return "restore the archive from a copy; or move it away and set another SOURCE_ID: a new history begins where the slot stands, so do not drop the slot"
    case "Conflict":
      return "set SOURCE_ID to the source that the archive was begun with, or DATA_DIR (with Kafka: KAFKA_TOPIC) to another one, and let no other process write this archive"
  }
}

/** The one error of the archive and of the live buffer. */
export class LogError extends Schema.TaggedError<LogError>()("LogError", {
  store: Schema.String,
  reason: LogErrorReason
}) {
  override get message(): string {
    return `${this.store}: ${explain(this.reason)}`
  }
  /** The way out, in words; null where none is needed or known. */
  get fix(): string | null {
    return mend(this.reason)
  }
  get isRetryable(): boolean {
    return this.reason._tag === "Unavailable" || this.reason._tag === "Full"
  }
}
