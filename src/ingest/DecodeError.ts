import { Schema } from "effect"

/**
 * A message that is not what the protocol says: cut, mangled, out of order, or of a kind that was never asked for.
 * Names the place, never a value. Not retryable: the server sends the same bytes again.
 */
export class DecodeError extends Schema.TaggedError<DecodeError>()("DecodeError", {
  plugin: Schema.Literals(["pgoutput", "wal2json"]),
  /** The message's kind, e.g. `Insert`. */
  kind: Schema.String,
  /** Bytes (wal2json: characters) from the message's start. */
  offset: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.plugin} ${this.kind} message, at ${this.offset}: ${this.detail}`
  }
  get isRetryable(): boolean {
    return false
  }
}
