import { Context, type Effect, Schema } from "effect"
import type { Ask, Left } from "./Quota.ts"

/** The store of the buckets does not answer. */
export class LimiterError extends Schema.TaggedError<LimiterError>()("LimiterError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `rate limits: ${this.detail}`
  }
}

/** Who logs in, and from where: opaque keys. */
export interface LoginKeys {
  readonly account: string
  readonly address: string
}

/**
 * Token buckets, and failed logins. All times are the caller's clock.
 *
 * - `take` takes a token from each bucket, or from none when one of them is empty.
 * - `admitLogin` gives the milliseconds to wait, 0 for go on. Who has failed before is given one try at a time: the
 *   next may come when the wait after it is over, however many come at once.
 * - `noteFailure` counts one for the account and one for the address.
 */
export interface LimiterPort<E> {
  readonly take: (asks: ReadonlyArray<Ask>) => Effect.Effect<ReadonlyArray<Left>, E>
  readonly admitLogin: (keys: LoginKeys) => Effect.Effect<number, E>
  readonly noteFailure: (keys: LoginKeys) => Effect.Effect<void, E>
}

/** Never fails: without its store it goes on with what this process has seen by itself. */
export class Limiter extends Context.Service<Limiter, LimiterPort<never>>()(
  "walstream/control/limits/Limiter"
) {}
