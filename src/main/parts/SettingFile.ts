import { readFile } from "node:fs/promises"
import { Effect, Option, Schema } from "effect"

/** A file that a setting names cannot be read. */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  setting: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.setting} must name a file that can be read: ${this.detail}`
  }
}

export const readSettingFile = (
  setting: string,
  path: Option.Option<string>
): Effect.Effect<string | null, UnreadableFile> =>
  Option.match(path, {
    onNone: () => Effect.succeed(null),
    onSome: (file) =>
      Effect.tryPromise({
        try: () => readFile(file, "utf8"),
        catch: (cause) =>
          new UnreadableFile({ setting, detail: cause instanceof Error ? cause.message : String(cause) })
      })
  })
