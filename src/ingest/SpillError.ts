import { Schema } from "effect"

/** Why changes could not be put on disk, or not be read back. */
const SpillErrorReason = Schema.Union([
  /** No room, or less than must stay free: nothing was lost, it goes on when there is room. */
  Schema.TaggedStruct("Full", { detail: Schema.String }),
  /** The disk or the folder does not work. What was spilled can be had from the source again. */
  Schema.TaggedStruct("Failed", { detail: Schema.String })
])

/** The one error of the spill store. Never holds a cell's value. */
export class SpillError extends Schema.TaggedError<SpillError>()("SpillError", {
  directory: Schema.String,
  reason: SpillErrorReason
}) {
  override get message(): string {
    return this.reason._tag === "Full"
      ? `capture waits for disk space in ${this.directory}: ${this.reason.detail}`
      : `spilling to ${this.directory} failed: ${this.reason.detail}`
  }
  /** The way out, in words. */
  get fix(): string {
    return this.reason._tag === "Full"
      ? "make room on its disk; it goes on by itself"
      : `check that ${this.directory} can be written and its disk is sound; nothing is lost, the source keeps it`
  }
  get isRetryable(): boolean {
    return this.reason._tag === "Full"
  }
}
