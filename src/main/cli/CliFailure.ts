import { Schema } from "effect"

/**
 * Exit codes of the CLI: 0 done; 1 it failed; 2 wrong usage; 3 the job that was watched did not complete;
 * 78 a setting is wrong.
 */
export const cliCodes = { ok: 0, failed: 1, usage: 2, jobFailed: 3, settings: 78 } as const

/** A command that did not do what was asked. The message is what the person reads. */
export class CliFailure extends Schema.TaggedError<CliFailure>()("CliFailure", {
  text: Schema.String,
  code: Schema.Literals([cliCodes.failed, cliCodes.usage, cliCodes.jobFailed, cliCodes.settings])
}) {
  override get message(): string {
    return this.text
  }
}

export const failed = (text: string): CliFailure => new CliFailure({ text, code: cliCodes.failed })
export const misused = (text: string): CliFailure => new CliFailure({ text, code: cliCodes.usage })
