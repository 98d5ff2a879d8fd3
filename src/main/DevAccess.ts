import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Option, Redacted, Schema } from "effect"
import type { SettingsValue } from "./Settings.ts"

/** DATA_DIR cannot be used. */
export class DataDirError extends Schema.TaggedError<DataDirError>()("DataDirError", {
  directory: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `DATA_DIR ${this.directory} cannot be used: ${this.detail}`
  }
  get fix(): string {
    return "set DATA_DIR to a folder that can be made and written"
  }
}

const attempt = <A>(directory: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new DataDirError({ directory, detail: cause instanceof Error ? cause.message : String(cause) })
  })

const readOptional = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })

const keep = async (file: string, make: () => string): Promise<{ text: string; isNew: boolean }> => {
  const known = await readOptional(file)
  if (known !== undefined) return { text: known, isNew: false }
  const made = make()
  await writeFile(file, made, { mode: 0o600 })
  return { text: made, isNew: true }
}

/** What the dev shape makes up once and keeps, unless the settings say otherwise. */
export interface DevAccess {
  readonly secret: Redacted.Redacted
  readonly username: string
  readonly password: Redacted.Redacted
  /** Whether the password is ours, so that it may be shown and written down. */
  readonly madeUp: boolean
  /** Whether it was made up just now. */
  readonly isNew: boolean
}

export const devAccess = (settings: SettingsValue): Effect.Effect<DevAccess, DataDirError> =>
  attempt(settings.dataDir, async () => {
    const directory = settings.dataDir
    // Others may pass through to the embedded server's own folder, but not list ours.
    await mkdir(directory, { recursive: true, mode: 0o711 })
    const secret = await keep(join(directory, "secret.key"), () => randomBytes(32).toString("base64url"))
    const password = await keep(join(directory, "admin.password"), () => randomBytes(9).toString("base64url"))
    return {
      secret: Option.getOrElse(settings.secretKey, () => Redacted.make(secret.text)),
      username: settings.adminUsername,
      password: Option.getOrElse(settings.adminPassword, () => Redacted.make(password.text)),
      madeUp: Option.isNone(settings.adminPassword),
      isNew: password.isNew
    }
  })
