import { Effect, Option, Redacted } from "effect"
import { Command, Flag, Prompt } from "effect/cli"
import { Settings } from "../Settings.ts"
import { requestToken } from "./ApiClient.ts"
import { misused } from "./CliFailure.ts"
import { answer, urlFlag } from "./Root.ts"
import { loginFile, writeLogin } from "./StoredLogin.ts"

export const loginCommand = Command.make(
  "login",
  {
    username: Flag.String("username").pipe(
      Flag.withAlias("u"),
      Flag.withDescription("asked for if not given"),
      Flag.optional
    )
  },
  ({ username }) =>
    Effect.gen(function* () {
      const settings = yield* Settings
      const url = (yield* urlFlag) ?? Option.getOrUndefined(settings.walstreamUrl)
      if (url === undefined) return yield* misused("where? give --url or set WALSTREAM_URL")
      const name = Option.isSome(username)
        ? username.value
        : yield* Prompt.run(Prompt.String({ message: "User name" }))
      const password = yield* Prompt.run(Prompt.Password({ message: "Password" }))
      const token = yield* requestToken(url, name, Redacted.value(password))
      const file = loginFile()
      yield* writeLogin(file, { url, token: token.access_token })
      yield* answer(
        { url, file, expires_in: token.expires_in },
        `logged in at ${url} for ${Math.round(token.expires_in / 60)} minutes`
      )
    })
).pipe(Command.withDescription("Log in and keep the token for the other commands"))
