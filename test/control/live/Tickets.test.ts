import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { layerMemoryTickets } from "../../../src/control/live/MemoryTickets.ts"
import { layerRedisTickets } from "../../../src/control/live/RedisTickets.ts"
import { type TicketHolder, Tickets } from "../../../src/control/live/Tickets.ts"
import { describeWith } from "../../servers/DescribeWith.ts"
import { makeTestRedis } from "../../servers/TestRedis.ts"

const holder: TicketHolder = {
  id: "7",
  username: "ada",
  role: "operator",
  login: { kind: "key", id: "k", digest: "d" },
  scopes: ["read"],
  until: 1_700_000_000_000
}

const conformance = Effect.gen(function* () {
  const tickets = yield* Tickets
  const [one, other] = [yield* tickets.issue(holder), yield* tickets.issue({ ...holder, id: "8" })]
  assert.notStrictEqual(one, other)
  const both = yield* Effect.all([tickets.redeem(one), tickets.redeem(one)], { concurrency: 2 })
  assert.sameDeepMembers(both, [holder, null])
  assert.strictEqual((yield* tickets.redeem(other))?.id, "8")
  assert.isNull(yield* tickets.redeem("not a ticket"))
})

describe("tickets in memory", () => {
  it.effect("are good once, for whom they were given to", () =>
    Effect.provide(conformance, layerMemoryTickets)
  )

  it.effect("are good for half a minute", () =>
    Effect.gen(function* () {
      const tickets = yield* Tickets
      const [early, late] = [yield* tickets.issue(holder), yield* tickets.issue(holder)]
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(yield* tickets.redeem(early), holder)
      yield* TestClock.adjust("1 second")
      assert.isNull(yield* tickets.redeem(late))
    }).pipe(Effect.provide(layerMemoryTickets))
  )
})

describeWith("redis-server", "tickets in Redis", () => {
  const key = "walstream:tickets:test"

  it.live("are good once, at any process, and go by themselves", () =>
    Effect.gen(function* () {
      const { url, use } = yield* makeTestRedis()
      const store = () => Layer.fresh(layerRedisTickets({ url, key }))
      yield* Effect.provide(conformance, store())
      const ticket = yield* Effect.provide(
        Tickets.use((tickets) => tickets.issue(holder)),
        store()
      )
      const keys = yield* use((redis) => redis.keys("*"))
      assert.strictEqual(keys.length, 1)
      assert.notInclude(keys[0], ticket)
      assert.isAtMost(yield* use((redis) => redis.pttl(keys[0] ?? "")), 30_000)
      assert.isAbove(yield* use((redis) => redis.pttl(keys[0] ?? "")), 20_000)
      const redeem = Tickets.use((tickets) => tickets.redeem(ticket))
      assert.deepStrictEqual(yield* Effect.provide(redeem, store()), holder)
      assert.isNull(yield* Effect.provide(redeem, store()))
    }).pipe(Effect.scoped)
  )

  it.live("a Redis that is away is an error that says so", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Tickets.use((tickets) => tickets.issue(holder)))
      assert.strictEqual(error._tag, "TicketsError")
      assert.include(error.message, "tickets: redis")
    }).pipe(Effect.provide(layerRedisTickets({ url: Redacted.make("redis://127.0.0.1:1"), key })))
  )
})
