import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect, type Option, Schema } from "effect"

/** How to reach the instance that runs on a data directory: written by `npm start`, read by the CLI. */
const LocalAccess = Schema.Struct({
  url: Schema.String,
  username: Schema.String,
  password: Schema.String
})
export type LocalAccess = typeof LocalAccess.Type

const Text = Schema.fromJsonString(LocalAccess)
const decode = Schema.decodeUnknownEffect(Text)
const encode = Schema.encodeSync(Text)

export class LocalAccessFailed extends Schema.TaggedError<LocalAccessFailed>()("LocalAccessFailed", {
  file: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `cannot write ${this.file}: ${this.detail}`
  }
}

export const localAccessFile = (dataDir: string): string => join(dataDir, "walstream.json")

/** None when there is no such file, or none that can be read by this user and version. */
export const readLocalAccess = (dataDir: string): Effect.Effect<Option.Option<LocalAccess>> =>
  Effect.tryPromise(() => readFile(localAccessFile(dataDir), "utf8")).pipe(
    Effect.flatMap(decode),
    Effect.option
  )

/** For this user's eyes only: it holds a password. */
export const writeLocalAccess = (
  dataDir: string,
  access: LocalAccess
): Effect.Effect<void, LocalAccessFailed> => {
  const file = localAccessFile(dataDir)
  return Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, `${encode(access)}\n`, { mode: 0o600 })
      await chmod(file, 0o600) // `mode` does not change a file that was there
    },
    catch: (cause) =>
      new LocalAccessFailed({ file, detail: cause instanceof Error ? cause.message : String(cause) })
  })
}
