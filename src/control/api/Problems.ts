import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/*
 * What can be wrong with a request, as RFC 9457 problems. Clients switch on `type`, never on a text.
 * `instance` and `request_id` are filled in on the way out, for these and for what never reaches a handler.
 */

export const problemBase = "https://walstream.dev/problems/"

const typeOf = <const Slug extends string>(slug: Slug): `https://walstream.dev/problems/${Slug}` =>
  `https://walstream.dev/problems/${slug}`

const common = { request_id: Schema.optionalKey(Schema.String), trace_id: Schema.optionalKey(Schema.String) }

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

/**
 * A key that was not made for this, or something that no key may. `role` is its user's, `required` the scope that would do;
 * empty where only a login by password does.
 */
export class InsufficientScope extends HttpApiError.Problem<InsufficientScope>()(
  "InsufficientScope",
  { type: typeOf("insufficient-scope"), status: 403, title: "The key was not made for this" },
  { ...common, role: Schema.String, required: Schema.String, scopes: Schema.Array(Schema.String) }
) {}

/** There is somebody already, and nobody else is to register by itself (`AUTH_REGISTRATION`). */
export class RegistrationClosed extends HttpApiError.Problem<RegistrationClosed>()(
  "RegistrationClosed",
  { type: typeOf("registration-closed"), status: 403, title: "Registration is closed" },
  common
) {}

/** Somebody has the name or the address. Which of them is not said. */
export class AccountTaken extends HttpApiError.Problem<AccountTaken>()(
  "AccountTaken",
  { type: typeOf("account-taken"), status: 409, title: "Not with this name and address" },
  common
) {}

export class SessionMissing extends HttpApiError.Problem<SessionMissing>()(
  "SessionMissing",
  { type: typeOf("session-not-found"), status: 404, title: "You have no such session" },
  common
) {}

export class ApiKeyMissing extends HttpApiError.Problem<ApiKeyMissing>()(
  "ApiKeyMissing",
  { type: typeOf("api-key-not-found"), status: 404, title: "There is no such key" },
  common
) {}

export class UserMissing extends HttpApiError.Problem<UserMissing>()(
  "UserMissing",
  { type: typeOf("user-not-found"), status: 404, title: "There is no such user" },
  common
) {}

/** Nobody would be left who may administer. */
export class LastAdmin extends HttpApiError.Problem<LastAdmin>()(
  "LastAdmin",
  { type: typeOf("last-admin"), status: 409, title: "It is the last active admin" },
  common
) {}

/** The same for an unknown name, a wrong password and a disabled user. `error` is OAuth2's (RFC 6749, 5.2). */
export class InvalidCredentials extends HttpApiError.Problem<InvalidCredentials>()(
  "InvalidCredentials",
  { type: typeOf("invalid-credentials"), status: 401, title: "User name or password is wrong" },
  { ...common, error: Schema.Literal("invalid_grant") }
) {}

/** The password was right, and that is not enough: without `otp`, or with one that is wrong or was used. `error` is OAuth2's. */
export class SecondFactorRequired extends HttpApiError.Problem<SecondFactorRequired>()(
  "SecondFactorRequired",
  { type: typeOf("second-factor-required"), status: 401, title: "A code of the second factor is needed" },
  { ...common, error: Schema.Literal("invalid_grant") }
) {}

/** It is asked for already; another one takes its place only once it is removed. */
export class SecondFactorPresent extends HttpApiError.Problem<SecondFactorPresent>()(
  "SecondFactorPresent",
  { type: typeOf("second-factor-present"), status: 409, title: "There is a second factor already" },
  common
) {}

/** Logins that failed before, from this address, or wrong codes for this user. Answered with `Retry-After`; password or code was not looked at. */
export class TooManyFailures extends HttpApiError.Problem<TooManyFailures>()(
  "TooManyFailures",
  { type: typeOf("too-many-failures"), status: 429, title: "Too many failed logins" },
  { ...common, retry_after: Schema.Int }
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

/** Only the change that a job has failed at can be skipped. `failed_at` names it; null when it was none. */
export class NotTheFailure extends HttpApiError.Problem<NotTheFailure>()(
  "NotTheFailure",
  { type: typeOf("not-the-failure"), status: 409, title: "The job has not failed at this change" },
  { ...common, failed_at: Schema.NullOr(Schema.String) }
) {}

/** Somebody has changed it since: `If-Match` names another version than `version`, which it has now. */
export class PreconditionFailed extends HttpApiError.Problem<PreconditionFailed>()(
  "PreconditionFailed",
  { type: typeOf("precondition-failed"), status: 412, title: "It has changed since" },
  { ...common, version: Schema.Int }
) {}

/** The key was used for a request with another body. */
export class IdempotencyMismatch extends HttpApiError.Problem<IdempotencyMismatch>()(
  "IdempotencyMismatch",
  {
    type: typeOf("idempotency-mismatch"),
    status: 422,
    title: "The Idempotency-Key belongs to another request"
  },
  common
) {}

/** The first request with the key is not answered yet. Answered with `Retry-After`. */
export class IdempotencyPending extends HttpApiError.Problem<IdempotencyPending>()(
  "IdempotencyPending",
  {
    type: typeOf("idempotency-pending"),
    status: 409,
    title: "The first request with this key is still under way"
  },
  { ...common, retry_after: Schema.Int }
) {}

/** Capture has not stopped at a hole, or at another one. */
export class GapNotThere extends HttpApiError.Problem<GapNotThere>()(
  "GapNotThere",
  { type: typeOf("gap-not-there"), status: 409, title: "Capture has not stopped at this hole" },
  common
) {}

export class EventMissing extends HttpApiError.Problem<EventMissing>()(
  "EventMissing",
  { type: typeOf("event-not-found"), status: 404, title: "There is no such change, or no more" },
  common
) {}

export class TransactionMissing extends HttpApiError.Problem<TransactionMissing>()(
  "TransactionMissing",
  { type: typeOf("transaction-not-found"), status: 404, title: "There is no such transaction, or no more" },
  common
) {}

/** A page of an origin that is not ours asked for a stream, or for what the refresh cookie is for. */
export class OriginRefused extends HttpApiError.Problem<OriginRefused>()(
  "OriginRefused",
  { type: typeOf("origin-refused"), status: 403, title: "Pages of this origin may not do this" },
  common
) {}

/** One user's streams at one process. Answered with `Retry-After`. */
export class TooManySockets extends HttpApiError.Problem<TooManySockets>()(
  "TooManySockets",
  { type: typeOf("too-many-sockets"), status: 429, title: "Too many streams are open" },
  { ...common, retry_after: Schema.Int }
) {}

/** The control database or a store does not answer. Answered with `Retry-After`. */
export class Unavailable extends HttpApiError.Problem<Unavailable>()(
  "Unavailable",
  { type: typeOf("unavailable"), status: 503, title: "Not available at the moment" },
  common
) {}

/** A quota of who asks is used up. Over HTTP it is answered before a handler is asked. */
export class QuotaUsedUp extends HttpApiError.Problem<QuotaUsedUp>()(
  "QuotaUsedUp",
  { type: typeOf("too-many-requests"), status: 429, title: "Too many requests" },
  { ...common, quota: Schema.String, retry_after: Schema.Int }
) {}

/** Too many logins at once. Answered with `Retry-After`. */
export class Busy extends HttpApiError.Problem<Busy>()(
  "Busy",
  { type: typeOf("busy"), status: 503, title: "Too many logins at once" },
  common
) {}
