import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { Effect, type Option, Schema } from "effect"
import { failed } from "./CliFailure.ts"

/** What `walstream login` keeps for this user. */
const StoredLogin = Schema.Struct({
  url: Schema.String,
  /** An access token, or a key. */
  token: Schema.String,
  /** When the token ends, in milliseconds since 1970; not for a key. */
  until: Schema.optionalKey(Schema.Finite),
  /** What gets the next token, as it is sent. */
  cookie: Schema.optionalKey(Schema.String)
})
export type StoredLogin = typeof StoredLogin.Type

const Text = Schema.fromJsonString(StoredLogin)
const decode = Schema.decodeUnknownEffect(Text)
const encode = Schema.encodeSync(Text)

export const loginFile = (home: string = homedir()): string =>
  join(home, ".config", "walstream", "login.json")

export const readLogin = (file: string): Effect.Effect<Option.Option<StoredLogin>> =>
  Effect.tryPromise(() => readFile(file, "utf8")).pipe(Effect.flatMap(decode), Effect.option)

/** For this user's eyes only. */
export const writeLogin = (file: string, login: StoredLogin) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(file, `${encode(login)}\n`, { mode: 0o600 })
      await chmod(file, 0o600)
    },
    catch: (cause) =>
      failed(`cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
