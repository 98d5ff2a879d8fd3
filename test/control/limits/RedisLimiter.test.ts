import { readFile } from "node:fs/promises"
import { assert, beforeEach, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { orOwnMemory } from "../../../src/control/limits/LimiterFallback.ts"
import { makeRedisLimiter } from "../../../src/control/limits/RedisLimiter.ts"
import { describeWith } from "../../servers/DescribeWith.ts"
import { redisOfSuite } from "../../servers/TestRedis.ts"
import { limiterConformance } from "./LimiterConformance.ts"

const quota = { name: "read", tokens: 2, seconds: 60 }

describeWith("redis-server", "a limiter in Redis", () => {
  const server = redisOfSuite()
  beforeEach(() =>
    Effect.runPromise(
      Effect.andThen(
        server().start,
        server().use((redis) => redis.flushall())
      )
    )
  )
  const fresh = Effect.suspend(() => makeRedisLimiter({ url: server().url, key: "walstream:limits:shop" }))

  limiterConformance("a limiter in Redis", fresh)

  it.effect("is one for all processes, and leaves nothing behind for ever", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const [one, other] = [yield* fresh, yield* fresh]
      yield* one.take([{ key: "ada", quota }])
      const [left] = yield* other.take([{ key: "ada", quota }])
      assert.deepInclude(left, { remaining: 0, retry: 0 })
      yield* one.noteFailure({ account: "u:ada", address: "a:10.0.0.1" })
      const keys = yield* server().use(async (redis) => {
        const found = await redis.keys("*")
        return Promise.all(found.map(async (key) => [key, await redis.pttl(key)] as const))
      })
      assert.lengthOf(keys, 3)
      for (const [key, millis] of keys) {
        assert.isTrue(key.startsWith("walstream:limits:shop:"), key)
        assert.isAbove(millis, 0, key)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("needs these rights and no others", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const text = yield* Effect.promise(() =>
        readFile(new URL("../../../docs/redis.md", import.meta.url), "utf8")
      )
      const [, rights = ""] = /`(~walstream:limits:[^`]*)`/u.exec(text) ?? []
      yield* server().use((redis) =>
        redis.call("ACL", "SETUSER", "ada", "reset", "on", ">secret", ...rights.split(/\s+/u))
      )
      const url = Redacted.make(`redis://ada:secret@127.0.0.1:${server().port}`)
      const limiter = yield* makeRedisLimiter({ url, key: "walstream:limits:shop" })
      const keys = { account: "u:ada", address: "a:10.0.0.1" }
      const [left] = yield* limiter.take([{ key: "ada", quota }])
      assert.strictEqual(left?.remaining, 1)
      yield* limiter.noteFailure(keys)
      yield* TestClock.adjust("16 minutes")
      yield* limiter.noteFailure(keys)
      assert.strictEqual(yield* limiter.admitLogin(keys), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("counts in its own memory while Redis is gone or frozen, and shares again afterwards", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const limiter = orOwnMemory(yield* fresh)
      const take = Effect.map(limiter.take([{ key: "ada", quota }]), ([left]) => left?.remaining ?? -1)
      assert.strictEqual(yield* take, 1)
      for (const harm of [server().kill, server().freeze]) {
        yield* harm
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* Effect.all([take, take]), [1, 0])
        yield* server().thaw
        yield* server().start
        yield* server().use((redis) => redis.flushall())
        const back = Effect.andThen(
          TestClock.adjust("1 minute"),
          Effect.flatMap(take, () => server().use((redis) => redis.keys("*")))
        )
        yield* back.pipe(
          Effect.filterOrFail((keys) => keys.length > 0),
          Effect.retry(Schedule.recurs(20))
        )
        yield* server().use((redis) => redis.flushall())
      }
    }).pipe(Effect.scoped)
  )
})
