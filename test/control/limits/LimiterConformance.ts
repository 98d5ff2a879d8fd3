import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { LimiterPort } from "../../../src/control/limits/Limiter.ts"
import { tokensAt } from "../../../src/control/limits/Quota.ts"
import { Dice } from "../../log/Dice.ts"

const quota = { name: "read", tokens: 3, seconds: 60 }
const wide = { name: "address", tokens: 5, seconds: 60 }

/** What every limiter does. `fresh` makes an empty one. */
export const limiterConformance = <E>(
  name: string,
  fresh: Effect.Effect<LimiterPort<E>, E, Scope.Scope>
): void => {
  const test = (title: string, use: (limiter: LimiterPort<E>) => Effect.Effect<unknown, E>) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_800_000_000_000)
        yield* Effect.flatMap(fresh, use)
      }).pipe(Effect.scoped)
    )

  describe(name, () => {
    test("lets a burst of the quota through, then one whenever a token is back", (limiter) =>
      Effect.gen(function* () {
        const take = Effect.map(limiter.take([{ key: "ada", quota }]), ([left]) => left)
        for (const remaining of [2, 1, 0]) {
          assert.deepInclude(yield* take, { remaining, retry: 0, reset: (3 - remaining) * 20 })
        }
        assert.deepInclude(yield* take, { remaining: 0, retry: 20, reset: 60 })
        yield* TestClock.adjust("5 seconds")
        assert.deepInclude(yield* take, { remaining: 0, retry: 15, reset: 55 })
        yield* TestClock.adjust("15 seconds")
        assert.deepInclude(yield* take, { remaining: 0, retry: 0 })
        yield* TestClock.adjust("1 hour")
        assert.deepInclude(yield* take, { remaining: 2, reset: 20 })
      }))

    test("keeps the buckets of different keys and quotas apart", (limiter) =>
      Effect.gen(function* () {
        const ask = (key: string, of = quota) =>
          Effect.map(limiter.take([{ key, quota: of }]), ([left]) => left)
        for (let i = 0; i < 4; i++) yield* ask("ada")
        assert.deepInclude(yield* ask("bob"), { remaining: 2, retry: 0 })
        assert.deepInclude(yield* ask("ada", wide), { remaining: 4, retry: 0 })
        assert.deepInclude(yield* ask("ada"), { remaining: 0, retry: 20 })
      }))

    test("takes from all buckets or from none", (limiter) =>
      Effect.gen(function* () {
        const both = limiter.take([
          { key: "ada", quota },
          { key: "10.0.0.1", quota: wide }
        ])
        for (let i = 0; i < 3; i++) yield* both
        const [own, address] = yield* both
        assert.deepInclude(own, { remaining: 0, retry: 20 })
        assert.deepInclude(address, { remaining: 2, retry: 0 })
        const [later] = yield* limiter.take([{ key: "10.0.0.1", quota: wide }])
        assert.deepInclude(later, { remaining: 1, retry: 0 })
      }))

    test("never lets through more than the quota, whatever the pace", (limiter) =>
      Effect.gen(function* () {
        const dice = new Dice(7)
        let bucket: { tokens: number; at: number } | undefined
        for (let i = 0; i < 200; i++) {
          yield* TestClock.adjust(dice.below(30_000))
          const now = yield* Clock.currentTimeMillis
          const [left] = yield* limiter.take([{ key: "eve", quota }])
          const tokens = tokensAt(bucket, quota, now)
          assert.strictEqual(left?.retry === 0, tokens >= 1 - 1e-3, `${i}: ${tokens}`)
          if (left?.retry === 0) bucket = { tokens: tokens - 1, at: now }
        }
      }))

    test("slows down failed logins of an address, each failure more, and forgets them", (limiter) =>
      Effect.gen(function* () {
        const keys = { account: "u:ada", address: "a:10.0.0.1" }
        const waits: Array<number> = []
        for (let i = 0; i < 11; i++) {
          const wait = yield* limiter.admitLogin(keys)
          waits.push(wait)
          yield* TestClock.adjust(wait)
          assert.strictEqual(yield* limiter.admitLogin(keys), 0)
          yield* limiter.noteFailure(keys)
        }
        assert.deepStrictEqual(waits, [0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
        yield* TestClock.adjust("15 minutes")
        assert.strictEqual(yield* limiter.admitLogin(keys), 0)
        yield* limiter.noteFailure(keys)
        assert.strictEqual(yield* limiter.admitLogin(keys), 0)
      }))

    test("lets nobody lock out who has not failed from the same address", (limiter) =>
      Effect.gen(function* () {
        for (let i = 0; i < 50; i++) {
          yield* limiter.noteFailure({ account: "u:ada", address: `a:10.0.0.${i % 7}` })
        }
        assert.strictEqual(yield* limiter.admitLogin({ account: "u:ada", address: "a:192.0.2.1" }), 0)
        // One failure there, and what others did to the account counts.
        yield* limiter.noteFailure({ account: "u:ada", address: "a:192.0.2.1" })
        assert.strictEqual(yield* limiter.admitLogin({ account: "u:ada", address: "a:192.0.2.1" }), 60_000)
        assert.strictEqual(yield* limiter.admitLogin({ account: "u:bob", address: "a:192.0.2.1" }), 0)
      }))

    test("admits one try at a time of who has failed before", (limiter) =>
      Effect.gen(function* () {
        const keys = { account: "u:ada", address: "a:10.0.0.1" }
        for (let i = 0; i < 6; i++) yield* limiter.noteFailure(keys)
        yield* TestClock.adjust("1 minute")
        const waits = yield* Effect.forEach([1, 2, 3], () => limiter.admitLogin(keys))
        assert.deepStrictEqual(waits, [0, 8000, 8000])
      }))
  })
}
