import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Forbidden, InvalidRequest, TokenExpired, Unauthorized } from "./Problems.ts"
import type { Role } from "./Role.ts"

/** Who sent the request. */
export class Principal extends Context.Service<
  Principal,
  { readonly id: string; readonly username: string; readonly role: Role }
>()("walstream/control/api/Principal") {}

/** Demands a token and the role that the table of routes asks for. */
export class Authorized extends HttpApiMiddleware.Service<Authorized, { provides: Principal }>()(
  "walstream/control/api/Authorized",
  {
    requiredForClient: true,
    security: { bearer: HttpApiSecurity.bearer },
    error: [Unauthorized, TokenExpired, Forbidden]
  }
) {}

/** Answers an undecodable request with all of its faults. */
export class Decoding extends HttpApiMiddleware.Service<Decoding>()("walstream/control/api/Decoding", {
  error: InvalidRequest
}) {}
