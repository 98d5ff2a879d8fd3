import { createHash, hkdfSync, randomUUID } from "node:crypto"
import { Clock, Context, Effect, Layer, Redacted, Schema } from "effect"
import { errors, jwtVerify, SignJWT } from "jose"
import { roles } from "../api/Role.ts"
import type { User } from "./Users.ts"

export interface TokenOptions {
  /** The installation's secret: the signing key is derived from it. */
  readonly secret: Redacted.Redacted
  /** How long an access token is good for. */
  readonly seconds: number
}

/** Not ours, malformed, or meant for something else. */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", {}) {}

/** Ours, but past its time. */
export class TokenPast extends Schema.TaggedError<TokenPast>()("TokenPast", {}) {}

const Claims = Schema.Struct({
  sub: Schema.String,
  name: Schema.String,
  role: Schema.Literals(roles)
})
const decodeClaims = Schema.decodeUnknownEffect(Claims)

const algorithm = "HS256"
const issuer = "walstream"
const audience = "walstream-api"
const kind = "at+jwt"

/** Access tokens: signed, short-lived, for this installation only. One algorithm, one issuer, one audience, one type. */
export class Tokens extends Context.Service<
  Tokens,
  {
    readonly seconds: number
    readonly issue: (user: User) => Effect.Effect<string>
    readonly verify: (token: string) => Effect.Effect<User, TokenRefused | TokenPast>
  }
>()("walstream/control/auth/Tokens") {
  static readonly layer = (options: TokenOptions): Layer.Layer<Tokens> =>
    Layer.sync(Tokens, () => {
      const key = new Uint8Array(
        hkdfSync("sha256", Redacted.value(options.secret), "walstream", "access tokens", 32)
      )
      const kid = createHash("sha256").update(key).digest("base64url").slice(0, 12)
      return {
        seconds: options.seconds,
        issue: Effect.fnUntraced(function* (user) {
          const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
          return yield* Effect.promise(() =>
            new SignJWT({ name: user.username, role: user.role })
              .setProtectedHeader({ alg: algorithm, typ: kind, kid })
              .setSubject(user.id)
              .setIssuer(issuer)
              .setAudience(audience)
              .setJti(randomUUID())
              .setIssuedAt(now)
              .setNotBefore(now)
              .setExpirationTime(now + options.seconds)
              .sign(key)
          )
        }),
        verify: Effect.fnUntraced(function* (token) {
          const now = new Date(yield* Clock.currentTimeMillis)
          const { payload, protectedHeader } = yield* Effect.tryPromise({
            try: () =>
              jwtVerify(token, key, {
                algorithms: [algorithm],
                issuer,
                audience,
                typ: kind,
                currentDate: now,
                requiredClaims: ["sub", "exp", "nbf", "jti"]
              }),
            catch: (cause) => (cause instanceof errors.JWTExpired ? new TokenPast() : new TokenRefused())
          })
          if (protectedHeader.kid !== kid) return yield* new TokenRefused()
          const claims = yield* Effect.mapError(decodeClaims(payload), () => new TokenRefused())
          return { id: claims.sub, username: claims.name, role: claims.role }
        })
      }
    })
}
