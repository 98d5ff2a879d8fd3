import { createHash, hkdfSync, randomUUID } from "node:crypto"
import { Clock, Context, Effect, Layer, Redacted, Schema } from "effect"
import { errors, jwtVerify, SignJWT } from "jose"

export interface TokenOptions {
  /** The installation's secret: the signing key is derived from it. */
  readonly secret: Redacted.Redacted
  /** Secrets that it had before: what they have signed is taken until its time is over. None if not given. */
  readonly former?: ReadonlyArray<Redacted.Redacted>
  /** How long an access token is good for. */
  readonly seconds: number
}

/** Not ours, malformed, or meant for something else. */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", {}) {}

/** Whose a token is, and in which of its sessions. */
const subjectFields = {
  userId: Schema.String,
  sessionId: Schema.String,
  /** Until when it is good, in milliseconds since 1970. */
  until: Schema.Finite
}
const Subject = Schema.Struct(subjectFields)
export type TokenSubject = typeof Subject.Type

/** Ours, but past its time. */
export class TokenPast extends Schema.TaggedError<TokenPast>()("TokenPast", subjectFields) {}

const Claims = Schema.Struct({ sub: Schema.String, sid: Schema.String, exp: Schema.Finite })
const decodeClaims = Schema.decodeUnknownEffect(Claims)

const subjectOf = (payload: unknown): Effect.Effect<TokenSubject, TokenRefused> =>
  decodeClaims(payload).pipe(
    Effect.mapBoth({
      onFailure: () => new TokenRefused(),
      onSuccess: ({ sub, sid, exp }) => ({ userId: sub, sessionId: sid, until: exp * 1000 })
    })
  )

/** Of what was signed by us and for us, its time is looked at last. */
const refusal = (cause: unknown): Effect.Effect<never, TokenRefused | TokenPast> =>
  cause instanceof errors.JWTExpired
    ? Effect.flatMap(subjectOf(cause.payload), (subject) => Effect.fail(new TokenPast(subject)))
    : Effect.fail(new TokenRefused())

const algorithm = "HS256"
const issuer = "walstream"
const audience = "walstream-api"
const kind = "at+jwt"

/** Tokens that are remembered at most. */
const most = 10_000

const keyOf = (secret: Redacted.Redacted) => {
  const key = new Uint8Array(hkdfSync("sha256", Redacted.value(secret), "walstream", "access tokens", 32))
  const kid = createHash("sha256").update(key).digest("base64url").slice(0, 12)
  return { kid, key }
}

/**
 * Access tokens: signed, short-lived, for this installation only. One algorithm, one issuer, one audience, one type. They
 * say whose they are and of which session, and nothing of what may be done: that is asked of whoever keeps the session.
 */
export class Tokens extends Context.Service<
  Tokens,
  {
    readonly seconds: number
    /** Good for `seconds`, and not beyond the session's end. */
    readonly issue: (subject: TokenSubject) => Effect.Effect<string>
    /** Says nothing of whether the session still holds. */
    readonly verify: (token: string) => Effect.Effect<TokenSubject, TokenRefused | TokenPast>
  }
>()("walstream/control/auth/Tokens") {
  static readonly layer = ({ secret, former = [], seconds }: TokenOptions): Layer.Layer<Tokens> =>
    Layer.sync(Tokens, () => {
      const { kid, key } = keyOf(secret)
      const keys = new Map([...former.map(keyOf), { kid, key }].map((each) => [each.kid, each.key]))
      /** A signature holds for as long as its token: checking it costs more than most requests. */
      const verified = new Map<string, TokenSubject>()
      return {
        seconds,
        issue: Effect.fnUntraced(function* ({ userId, sessionId, until }) {
          const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
          return yield* Effect.promise(() =>
            new SignJWT({ sid: sessionId })
              .setProtectedHeader({ alg: algorithm, typ: kind, kid })
              .setSubject(userId)
              .setIssuer(issuer)
              .setAudience(audience)
              .setJti(randomUUID())
              .setIssuedAt(now)
              .setNotBefore(now)
              .setExpirationTime(Math.min(now + seconds, Math.floor(until / 1000)))
              .sign(key)
          )
        }),
        verify: Effect.fnUntraced(function* (token) {
          const millis = yield* Clock.currentTimeMillis
          const known = verified.get(token)
          if (known !== undefined && millis < known.until) return known
          const { payload } = yield* Effect.tryPromise(() =>
            jwtVerify(
              token,
              ({ kid: named = "" }) => {
                const found = keys.get(named)
                if (found === undefined) throw new errors.JWKSNoMatchingKey()
                return found
              },
              {
                algorithms: [algorithm],
                issuer,
                audience,
                typ: kind,
                currentDate: new Date(millis),
                requiredClaims: ["sub", "sid", "exp", "nbf", "iat", "jti"]
              }
            )
          ).pipe(Effect.catch(({ cause }) => refusal(cause)))
          const found = yield* subjectOf(payload)
          if (verified.size >= most) verified.clear()
          verified.set(token, found)
          return found
        })
      }
    })
}
