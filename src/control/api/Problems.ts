import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/*
 * What can be wrong with a request, as RFC 9457 problems. Clients switch on `type`, never on a text.
 * `instance` and `request_id` are filled in on the way out, for these and for what never reaches a handler.
 */

export const problemBase = "https://walstream.dev/problems/"

const typeOf = <const Slug extends string>(slug: Slug): `https://walstream.dev/problems/${Slug}` =>
  `https://walstream.dev/problems/${slug}`

const common = { request_id: Schema.optionalKey(Schema.String) }

export const FieldError = Schema.Struct({
  /** The field's name; nested ones with dots. */
  path: Schema.String,
  message: Schema.String
})
export type FieldError = typeof FieldError.Type

export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: typeOf("invalid-request"), status: 400, title: "The request is not as it should be" },
  { ...common, errors: Schema.Array(FieldError) }
) {}

/** No token, or one that is not ours. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  { type: typeOf("unauthorized"), status: 401, title: "Log in first" },
  common
) {}

/** Ours, but past its time. Answered with `X-Token-Expired: true`. */
export class TokenExpired extends HttpApiError.Problem<TokenExpired>()(
  "TokenExpired",
  { type: typeOf("token-expired"), status: 401, title: "The login has expired" },
  common
) {}

/** The same for an unknown name, a wrong password and a disabled user. `error` is OAuth2's (RFC 6749, 5.2). */
export class InvalidCredentials extends HttpApiError.Problem<InvalidCredentials>()(
  "InvalidCredentials",
  { type: typeOf("invalid-credentials"), status: 401, title: "User name or password is wrong" },
  { ...common, error: Schema.Literal("invalid_grant") }
) {}

export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  { type: typeOf("forbidden"), status: 403, title: "Your role does not allow this" },
  { ...common, role: Schema.String, required: Schema.String }
) {}

export class JobMissing extends HttpApiError.Problem<JobMissing>()(
  "JobMissing",
  { type: typeOf("job-not-found"), status: 404, title: "There is no such job" },
  common
) {}

export class TransitionRefused extends HttpApiError.Problem<TransitionRefused>()(
  "TransitionRefused",
  { type: typeOf("invalid-transition"), status: 409, title: "The job's status does not allow this" },
  { ...common, from: Schema.String, action: Schema.String, allowed: Schema.Array(Schema.String) }
) {}

/** Capture has not stopped at a hole, or at another one. */
export class GapNotThere extends HttpApiError.Problem<GapNotThere>()(
  "GapNotThere",
  { type: typeOf("gap-not-there"), status: 409, title: "Capture has not stopped at this hole" },
  common
) {}

/** The control database or a store does not answer. Answered with `Retry-After`. */
export class Unavailable extends HttpApiError.Problem<Unavailable>()(
  "Unavailable",
  { type: typeOf("unavailable"), status: 503, title: "Not available at the moment" },
  common
) {}

/** Too many logins at once. Answered with `Retry-After`. */
export class Busy extends HttpApiError.Problem<Busy>()(
  "Busy",
  { type: typeOf("busy"), status: 503, title: "Too many logins at once" },
  common
) {}
