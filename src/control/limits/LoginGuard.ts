import { Effect } from "effect"
import { caller } from "../http/Caller.ts"
import { Limiter } from "./Limiter.ts"
import { accountKey, addressKey } from "./RateLimits.ts"

/**
 * Slows down who guesses. The wait after a failure grows per address and per account, but an account's counts only for
 * who has failed from the same address: nobody locks out somebody else. `onWait` is given the seconds to wait;
 * `isFailure` tells a wrong password from a right one.
 */
export const guardLogin = Effect.fnUntraced(function* <A, E, R, E2>(
  username: string,
  login: Effect.Effect<A, E, R>,
  options: {
    readonly isFailure: (answer: A) => boolean
    readonly onWait: (seconds: number) => E2
  }
): Effect.fn.Return<A, E | E2, R | Limiter> {
  const limiter = yield* Limiter
  const { address } = yield* caller
  // Names and addresses have nothing in common: one store of strikes does.
  const keys = { account: `u:${accountKey(username)}`, address: `a:${addressKey(address)}` }
  const wait = yield* limiter.admitLogin(keys)
  if (wait > 0) return yield* Effect.fail(options.onWait(Math.ceil(wait / 1000)))
  const answer = yield* login
  if (options.isFailure(answer)) yield* limiter.noteFailure(keys)
  return answer
})
