import { Context, Effect, Layer, type Redacted, Schema, Semaphore } from "effect"
import { hashPassword, matchesPassword } from "./PasswordHash.ts"

/** More passwords at once than can be hashed: come back in a second. */
export class TooManyLogins extends Schema.TaggedError<TooManyLogins>()("TooManyLogins", {}) {}

/** Hashes at the same time, each with 19 MiB, and requests that may wait for one. */
const atOnce = 2
const waiting = 32

/**
 * The hash of who has no password: none matches it, and that takes as long as a wrong one. An unknown name is checked against
 * it, too.
 */
export const noPassword = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`

/** Hashes passwords, a few at a time. */
export class Passwords extends Context.Service<
  Passwords,
  {
    /** A PHC string. */
    readonly hash: (password: Redacted.Redacted) => Effect.Effect<string, TooManyLogins>
    /** Without a hash to hold it against it takes as long, and is false. */
    readonly matches: (
      password: Redacted.Redacted,
      hash: string | undefined
    ) => Effect.Effect<boolean, TooManyLogins>
  }
>()("walstream/control/auth/Passwords") {
  static readonly layer: Layer.Layer<Passwords> = Layer.effect(
    Passwords,
    Effect.gen(function* () {
      const permits = yield* Semaphore.make(atOnce)
      let pending = 0
      const inTurn = <A>(work: Effect.Effect<A>): Effect.Effect<A, TooManyLogins> =>
        Effect.suspend(() => {
          if (pending >= waiting) return Effect.fail(new TooManyLogins())
          pending += 1
          return permits
            .withPermits(1)(work)
            .pipe(
              Effect.ensuring(
                Effect.sync(() => {
                  pending -= 1
                })
              )
            )
        })
      return {
        hash: (password) => inTurn(hashPassword(password)),
        matches: (password, hash) => inTurn(matchesPassword(password, hash ?? noPassword))
      }
    })
  )
}
