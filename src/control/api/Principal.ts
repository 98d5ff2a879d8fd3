import { Context, Schema } from "effect"
import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import {
  Forbidden,
  InsufficientScope,
  InvalidRequest,
  TokenExpired,
  Unauthorized,
  Unavailable
} from "./Problems.ts"
import { roles } from "./Role.ts"
import { scopes } from "./Scope.ts"

/** Who asks, by what it has shown, and what it may do at present. */
export const PrincipalFields = Schema.Struct({
  /** The user's. */
  id: Schema.String,
  username: Schema.String,
  role: Schema.Literals(roles),
  /** What it has shown: a session's token, or a key, of which there may be two secrets for a while. */
  login: Schema.Union([
    Schema.Struct({ kind: Schema.Literal("session"), id: Schema.String }),
    Schema.Struct({ kind: Schema.Literal("key"), id: Schema.String, digest: Schema.String })
  ]),
  /** What the key was made for; null for a session, which may whatever its role may. */
  scopes: Schema.NullOr(Schema.Array(Schema.Literals(scopes))),
  /** When the login ends, in milliseconds since 1970. */
  until: Schema.Finite
})

/** Who sent the request. */
export class Principal extends Context.Service<Principal, typeof PrincipalFields.Type>()(
  "walstream/control/api/Principal"
) {}

/** Demands a token or a key, and the role and scope that the table of routes asks for. */
export class Authorized extends HttpApiMiddleware.Service<Authorized, { provides: Principal }>()(
  "walstream/control/api/Authorized",
  {
    requiredForClient: true,
    security: {
      api_key: HttpApiSecurity.apiKey({ key: "X-API-Key", in: "header" }).pipe(
        HttpApiSecurity.annotate(OpenApi.Description, "A key, `wsk_…`.")
      ),
      bearer: HttpApiSecurity.bearer.pipe(
        HttpApiSecurity.annotate(OpenApi.Description, "An access token, or a key.")
      )
    },
    error: [InvalidRequest, Unauthorized, TokenExpired, Forbidden, InsufficientScope, Unavailable]
  }
) {}

/**
 * On an endpoint that opens a stream: browsers cannot set headers there, so a ticket or a token in the address is taken,
 * too.
 */
export const takesQueryCredentials = Context.Reference<boolean>(
  "walstream/control/api/takesQueryCredentials",
  { defaultValue: () => false }
)

/** Answers an undecodable request with all of its faults. */
export class Decoding extends HttpApiMiddleware.Service<Decoding>()("walstream/control/api/Decoding", {
  error: InvalidRequest
}) {}
