import { Schema } from "effect"

/** The archive holds another history than the one in which the job's window was pinned: its seqs mean nothing there. */
export class HistoryReplaced extends Schema.TaggedError<HistoryReplaced>()("HistoryReplaced", {
  planned: Schema.String,
  found: Schema.String
}) {
  override get message(): string {
    return `the job's window was decided in the history ${this.planned}, but the archive holds ${this.found}: transactions have other numbers there`
  }
  get fix(): string {
    return "bring back the archive that the job was planned with and resume the job, or create a new job for the window"
  }
}
