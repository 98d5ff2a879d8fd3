import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorized } from "./Principal.ts"
import { Busy, InvalidCredentials, Unavailable } from "./Problems.ts"
import { roles } from "./Role.ts"

/** OAuth2's password form (RFC 6749, 4.3.2). */
const PasswordForm = Schema.Struct({
  grant_type: Schema.optionalKey(Schema.Literal("password")),
  username: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200)),
  password: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000)),
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
  role: Schema.Literals(roles)
}).annotate({ identifier: "Me" })

/** Logging in. */
export class AuthApi extends HttpApiGroup.make("auth")
  .add(HttpApiEndpoint.get("me", "/me", { success: Me }))
  .middleware(Authorized)
  .add(
    HttpApiEndpoint.post("token", "/token", {
      payload: PasswordForm,
      success: Token,
      error: [InvalidCredentials, Busy, Unavailable]
    }).annotate(OpenApi.Description, "An access token for user name and password.")
  )
  .prefix("/auth")
  .annotateMerge(OpenApi.annotations({ title: "Login" })) {}
