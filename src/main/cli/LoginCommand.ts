import { Effect, Option, Redacted } from "effect"
import { Command, Flag, Prompt } from "effect/cli"
import { Settings } from "../Settings.ts"
import { explainApiError } from "./ApiErrors.ts"
import { misused } from "./CliFailure.ts"
import { logIn, whoIs } from "./Login.ts"
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
      const file = loginFile()
      if (Option.isSome(settings.walstreamApiKey)) {
        const token = Redacted.value(settings.walstreamApiKey.value)
        const { username: whose } = yield* whoIs(url, token)
        yield* writeLogin(file, { url, token })
        return yield* answer({ url, file }, `logged in at ${url} with a key of ${whose}`)
      }
      const name = Option.isSome(username)
        ? username.value
        : yield* Prompt.run(Prompt.String({ message: "User name" }))
      const password = yield* Prompt.run(Prompt.Password({ message: "Password" }))
      const enter = (otp?: string) => logIn(url, name, Redacted.value(password), otp)
      const login = yield* enter().pipe(
        Effect.catchTag("SecondFactorRequired", () =>
          Effect.flatMap(
            Prompt.run(Prompt.String({ message: "Code of your app, or a recovery code" })),
            (otp) => enter(otp.trim())
          )
        ),
        // Nobody typed one.
        Effect.catchTag("SecondFactorRequired", (error) => Effect.fail(explainApiError(url)(error)))
      )
      yield* writeLogin(file, login)
      yield* answer({ url, file }, `logged in at ${url}`)
    })
).pipe(
  Command.withDescription(
    "Log in, by password or with WALSTREAM_API_KEY, and keep the login for the other commands"
  )
)
