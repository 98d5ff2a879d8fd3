import { Effect, Semaphore } from "effect"
import { caller } from "../http/Caller.ts"
import { Limiter } from "./Limiter.ts"
import { accountKey, addressKey } from "./RateLimits.ts"

/** Logins of one address that are tried at the same time: who guesses at once is to guess no more than who guesses in turn. */
const atOnce = 3

interface Turn {
  readonly semaphore: Semaphore.Semaphore
  /** Those that are in it or wait for it. */
  count: number
}

/**
 * Slows down who guesses. The wait after a failure grows per address and per account, but an account's counts only for
 * who has failed from the same address: nobody locks out somebody else. `onWait` is given the seconds to wait;
 * `isFailure` tells a wrong password from a right one.
 */
export const makeLoginGuard = Effect.map(Limiter, (limiter) => {
  const turns = new Map<string, Turn>()

  const inTurn = <A, E, R>(address: string, login: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const turn = turns.get(address) ?? { semaphore: Semaphore.makeUnsafe(atOnce), count: 0 }
      turns.set(address, turn)
      turn.count += 1
      return Effect.ensuring(
        turn.semaphore.withPermits(1)(login),
        Effect.sync(() => {
          turn.count -= 1
          if (turn.count === 0) turns.delete(address)
        })
      )
    })

  return Effect.fnUntraced(function* <A, E, R, E2>(
    username: string,
    login: Effect.Effect<A, E, R>,
    options: {
      readonly isFailure: (answer: A) => boolean
      readonly onWait: (seconds: number) => E2
    }
  ): Effect.fn.Return<A, E | E2, R> {
    const { address } = yield* caller
    // Names and addresses have nothing in common: one store of strikes does.
    const keys = { account: `u:${accountKey(username)}`, address: `a:${addressKey(address)}` }
    const guarded = Effect.gen(function* () {
      const wait = yield* limiter.admitLogin(keys)
      if (wait > 0) return yield* Effect.fail(options.onWait(Math.ceil(wait / 1000)))
      const answer = yield* login
      if (options.isFailure(answer)) yield* limiter.noteFailure(keys)
      return answer
    })
    return yield* inTurn(keys.address, guarded)
  })
})
export type LoginGuard = Effect.Success<typeof makeLoginGuard>
