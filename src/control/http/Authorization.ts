import { Effect, Layer, Redacted } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { fieldErrors } from "../api/FieldErrors.ts"
import { Authorized, Decoding, Principal } from "../api/Principal.ts"
import { Forbidden, InvalidRequest, TokenExpired, Unauthorized } from "../api/Problems.ts"
import { includesRole } from "../api/Role.ts"
import { roleOf } from "../api/RouteRoles.ts"
import { Tokens } from "../auth/Tokens.ts"

/** Reads the token, and holds the caller's role against the table of routes. */
export const layerAuthorized: Layer.Layer<Authorized, never, Tokens> = Layer.effect(
  Authorized,
  Effect.gen(function* () {
    const tokens = yield* Tokens
    return Authorized.of({
      bearer: (route, { credential, endpoint, group }) =>
        Effect.gen(function* () {
          const token = Redacted.value(credential)
          if (token === "") return yield* new Unauthorized({ detail: "a bearer token is missing" })
          const user = yield* tokens.verify(token).pipe(
            Effect.catchTags({
              TokenRefused: () => Effect.fail(new Unauthorized({ detail: "the token is not valid here" })),
              TokenPast: () => Effect.fail(new TokenExpired({ detail: "log in again" }))
            })
          )
          const required = roleOf(`${group.identifier}.${endpoint.identifier}`) ?? "admin"
          if (required !== "public" && !includesRole(user.role, required)) {
            return yield* new Forbidden({
              detail: `this needs the role ${required}, yours is ${user.role}`,
              role: user.role,
              required
            })
          }
          return yield* Effect.provideService(route, Principal, user)
        })
    })
  })
)

/** A request that cannot be decoded is answered with every fault it has, by field. */
export const layerDecoding: Layer.Layer<Decoding> = HttpApiMiddleware.layerSchemaErrorTransform(
  Decoding,
  (error) => {
    // Our own answer did not fit its schema: that is our fault, and none of the caller's business.
    if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.die(error)
    const errors = fieldErrors(error.cause)
    const names = errors.map((fault) => fault.path).filter((path) => path !== "")
    return Effect.fail(
      new InvalidRequest({
        detail: names.length === 0 ? (errors[0]?.message ?? "not readable") : `look at ${names.join(", ")}`,
        errors
      })
    )
  }
)
