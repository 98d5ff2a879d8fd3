import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Id } from "./Fields.ts"
import { Authorized } from "./Principal.ts"
import {
  AccountTaken,
  Busy,
  InvalidCredentials,
  InvalidRequest,
  RegistrationClosed,
  SecondFactorPresent,
  SecondFactorRequired,
  SessionMissing,
  TooManyFailures,
  Unauthorized,
  Unavailable
} from "./Problems.ts"
import { roles } from "./Role.ts"
import { SameOrigin } from "./SameOrigin.ts"
import { scopes } from "./Scope.ts"
import { NewSecondFactor, RecoveryCodes, SecondFactorCode, SecondFactorJson } from "./SecondFactorJson.ts"
import { SessionJson } from "./SessionJson.ts"
import { Tagged } from "./Tagged.ts"
import { NewPassword, NewUser, UserJson } from "./UserJson.ts"

const SomePassword = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000))

/** OAuth2's password form (RFC 6749, 4.3.2). */
const PasswordForm = Schema.Struct({
  grant_type: Schema.optionalKey(Schema.Literal("password")),
  username: Schema.String.check(Schema.isPattern(/^[^\p{Cc}]{1,200}$/u, { message: "must be a user name" })),
  password: SomePassword,
  /** Where the user has a second factor. */
  otp: Schema.optionalKey(SecondFactorCode),
  scope: Schema.optionalKey(Schema.String)
}).pipe(HttpApiSchema.asFormUrlEncoded())

const Token = Schema.Struct({
  access_token: Schema.String,
  token_type: Schema.Literal("bearer"),
  /** Seconds. */
  expires_in: Schema.Int
}).annotate({ identifier: "Token" })

const Me = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  role: Schema.Literals(roles),
  /** Of the key that was shown; null where it was none. */
  scopes: Schema.NullOr(Schema.Array(Schema.Literals(scopes)))
}).annotate({ identifier: "Me" })

/** JSON, which no form of another site's page can send. */
const Nothing = Schema.Record(Schema.String, Schema.Never).annotate({ identifier: "Nothing" })

const PasswordChange = Schema.Struct({ current_password: SomePassword, new_password: NewPassword }).annotate({
  identifier: "PasswordChange"
})

const PasswordByCode = Schema.Struct({
  code: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100)),
  new_password: NewPassword
}).annotate({ identifier: "PasswordByCode" })

const PasswordAgain = Schema.Struct({ current_password: SomePassword }).annotate({
  identifier: "PasswordAgain"
})

const CodeOnly = Schema.Struct({ code: SecondFactorCode }).annotate({ identifier: "SecondFactorCode" })

const PasswordAndCode = Schema.Struct({ current_password: SomePassword, code: SecondFactorCode }).annotate({
  identifier: "PasswordAndCode"
})

const guesses = [TooManyFailures, Busy, Unavailable] as const

/** Logging in and out, and where one is logged in. */
export class AuthApi extends HttpApiGroup.make("auth")
  .add(
    HttpApiEndpoint.get("me", "/me", { success: Me }),
    HttpApiEndpoint.get("sessions", "/sessions", {
      success: Schema.Struct({ items: Schema.Array(SessionJson) }),
      error: Unavailable
    }).annotate(OpenApi.Description, "Where you are logged in, what was used last first; 50 at most."),
    HttpApiEndpoint.delete("endSession", "/sessions/:id", {
      params: { id: Id },
      success: HttpApiSchema.NoContent,
      error: [SessionMissing, Unavailable]
    }).annotate(OpenApi.Description, "Ends one of your sessions, its tokens and its streams, at once."),
    HttpApiEndpoint.delete("endOtherSessions", "/sessions", {
      success: HttpApiSchema.NoContent,
      error: Unavailable
    }).annotate(OpenApi.Description, "Ends all of your sessions but this one."),
    HttpApiEndpoint.post("changePassword", "/password", {
      payload: PasswordChange,
      success: HttpApiSchema.NoContent,
      error: [InvalidRequest, ...guesses]
    }).annotate(OpenApi.Description, "Changes your password and ends all of your sessions but this one."),
    HttpApiEndpoint.get("secondFactor", "/second-factor", {
      success: SecondFactorJson,
      error: Unavailable
    }).annotate(OpenApi.Description, "Whether your logins take a code beside the password."),
    HttpApiEndpoint.post("beginSecondFactor", "/second-factor", {
      payload: PasswordAgain,
      success: NewSecondFactor,
      error: [InvalidRequest, SecondFactorPresent, ...guesses]
    }).annotate(
      OpenApi.Description,
      "A secret for an authenticator app, shown this once. It counts from its confirmation on; until then another call replaces it."
    ),
    HttpApiEndpoint.post("confirmSecondFactor", "/second-factor/confirm", {
      payload: CodeOnly,
      success: RecoveryCodes,
      error: [InvalidRequest, TooManyFailures, Unavailable]
    }).annotate(
      OpenApi.Description,
      "From now on your logins take a code of the app, and your other sessions end. Ten recovery codes, shown this once, stand in for it, each once."
    ),
    HttpApiEndpoint.post("removeSecondFactor", "/second-factor/remove", {
      payload: PasswordAndCode,
      success: HttpApiSchema.NoContent,
      error: [InvalidRequest, ...guesses]
    }).annotate(
      OpenApi.Description,
      "From now on your password is enough. Needs it and a code, of the app or a recovery code, and ends your other sessions."
    )
  )
  .middleware(Authorized)
  .add(
    HttpApiEndpoint.post("register", "/register", {
      payload: NewUser,
      success: UserJson.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, RegistrationClosed, AccountTaken, ...guesses]
    })
      .middleware(SameOrigin)
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "The first user is admin. Later ones are viewers, where registration is open. Takes no `Idempotency-Key` (400)."
      ),
    HttpApiEndpoint.post("setPassword", "/set-password", {
      payload: PasswordByCode,
      success: HttpApiSchema.NoContent,
      error: [InvalidRequest, Busy, Unavailable]
    }).annotate(OpenApi.Description, "A password of your own, by the code that an admin has given you."),
    HttpApiEndpoint.post("token", "/token", {
      payload: PasswordForm,
      success: Token,
      error: [InvalidCredentials, SecondFactorRequired, ...guesses]
    })
      .middleware(SameOrigin)
      .annotate(
        OpenApi.Description,
        "An access token for user name and password, and a cookie that gets the next one. Where the user has a second factor, `otp` is a code of the app or a recovery code."
      ),
    HttpApiEndpoint.post("refresh", "/refresh", {
      payload: Nothing,
      success: Token,
      error: [Unauthorized, Unavailable]
    })
      .middleware(SameOrigin)
      .annotate(OpenApi.Description, "The next access token, by the cookie, which is changed by it."),
    HttpApiEndpoint.post("logout", "/logout", {
      payload: Nothing,
      success: HttpApiSchema.NoContent,
      error: Unavailable
    })
      .middleware(SameOrigin)
      .annotate(
        OpenApi.Description,
        "Ends the session of the token that is shown, past or not, and of the cookie: tokens and streams, at once."
      )
  )
  .prefix("/auth")
  .annotateMerge(OpenApi.annotations({ title: "Login" })) {}
