import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { LimiterError } from "../../../src/control/limits/Limiter.ts"
import { orOwnMemory } from "../../../src/control/limits/LimiterFallback.ts"
import { makeMemoryLimiter } from "../../../src/control/limits/MemoryLimiter.ts"
import { accountKey, addressKey, classOf } from "../../../src/control/limits/RateLimits.ts"
import { limiterConformance } from "./LimiterConformance.ts"

limiterConformance("a limiter in memory", Effect.sync(makeMemoryLimiter))

describe("a limiter in memory", () => {
  it.effect("holds no more keys than it has room for", () =>
    Effect.gen(function* () {
      const limiter = makeMemoryLimiter()
      const quota = { name: "address", tokens: 2, seconds: 60 }
      yield* limiter.take([{ key: "first", quota }])
      for (let i = 0; i < 50_000; i++) yield* limiter.take([{ key: `10.${i}`, quota }])
      const [left] = yield* limiter.take([{ key: "first", quota }])
      assert.strictEqual(left?.remaining, 1) // forgotten: it begins anew
      const [last] = yield* limiter.take([{ key: "10.49999", quota }])
      assert.strictEqual(last?.remaining, 0)
    })
  )
})

describe("a limiter whose store is away", () => {
  it.effect("goes on with its own memory, asks once a second, and is told when it is back", () =>
    Effect.gen(function* () {
      const quota = { name: "read", tokens: 2, seconds: 60 }
      const shared = makeMemoryLimiter()
      let isDown = true
      let asked = 0
      const limiter = orOwnMemory({
        ...shared,
        take: (asks) =>
          Effect.suspend(() => {
            asked += 1
            return isDown ? Effect.fail(new LimiterError({ detail: "away" })) : shared.take(asks)
          })
      })
      const take = Effect.map(limiter.take([{ key: "ada", quota }]), ([left]) => left?.retry === 0)
      assert.deepStrictEqual(yield* Effect.all([take, take, take]), [true, true, false])
      assert.strictEqual(asked, 1)
      yield* TestClock.adjust("1 second")
      assert.isFalse(yield* take)
      assert.strictEqual(asked, 2)
      isDown = false
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* take)
      assert.isTrue(yield* take)
      assert.isFalse(yield* take)
      assert.strictEqual(asked, 5)
    })
  )
})

describe("whose requests they are", () => {
  it("is an address, or the network that an IPv6 subscriber has", () => {
    const cases = [
      ["192.0.2.7", "192.0.2.7"],
      ["::ffff:192.0.2.7", "192.0.2.7"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:0db8:1:2::9", "2001:db8:1:2::/64"],
      ["2001:db8::1", "2001:db8:0:0::/64"],
      ["fe80::1%eth0", "fe80:0:0:0::/64"],
      ["::1", "0:0:0:0::/64"]
    ] as const
    for (const [address, key] of cases) assert.strictEqual(addressKey(address), key)
  })

  it("is an account by any spelling, and no name that could be read", () => {
    assert.strictEqual(accountKey(" Ada "), accountKey("ada"))
    assert.notStrictEqual(accountKey("ada"), accountKey("bob"))
    assert.match(accountKey("x".repeat(200)), /^[\w-]{22}$/u)
  })

  it("is counted by what it does", () => {
    const cases = [
      ["GET", "/api/v1/jobs", "read"],
      ["POST", "/api/v1/jobs", "write"],
      ["DELETE", "/api/v1/jobs/1", "write"],
      ["POST", "/api/v1/auth/token", "login"],
      ["POST", "/api/v1/%61uth/token", "login"],
      ["POST", "/api/v1/AUTH/token", "login"],
      ["POST", "/api/v1/auth/set-password", "login"],
      ["POST", "/%E0%A4%A", "write"],
      ["GET", "/api/v1/auth/me", "read"],
      ["GET", "/api/v1/health/other", "read"],
      ["GET", "/api/v1/health/ready", "probe"],
      ["GET", "/readyz", "probe"]
    ] as const
    for (const [method, path, kind] of cases) assert.strictEqual(classOf(method, path), kind, path)
  })
})
