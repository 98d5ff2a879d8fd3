import { Schema } from "effect"

/** Messages that are well formed but come in an order the protocol does not allow: one was lost, or the server errs. */
export class SequenceError extends Schema.TaggedError<SequenceError>()("SequenceError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `replication stream out of order: ${this.detail}`
  }
  get isRetryable(): boolean {
    return false
  }
}
