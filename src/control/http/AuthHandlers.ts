import { Effect, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Principal } from "../api/Principal.ts"
import { Busy, InvalidCredentials, Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { Tokens } from "../auth/Tokens.ts"
import { Users } from "../auth/Users.ts"

export const layerAuthHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "auth",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* Users
    const tokens = yield* Tokens

    return handlers.handleAll({
      me: () => Principal,
      token: Effect.fnUntraced(
        function* ({ payload }) {
          const user = yield* users.login(payload.username, Redacted.make(payload.password))
          if (Option.isNone(user)) {
            yield* Effect.logWarning("a login was refused")
            return yield* new InvalidCredentials({ error: "invalid_grant" })
          }
          return {
            access_token: yield* tokens.issue(user.value),
            token_type: "bearer" as const,
            expires_in: tokens.seconds
          }
        },
        Effect.catchTags({
          TooManyLogins: () => Effect.fail(new Busy({ detail: "try again in a second" })),
          UsersError: (error) =>
            error.isRetryable
              ? Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
              : Effect.die(error)
        })
      )
    })
  })
)
