import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { makeSharedReads } from "../../src/control/SharedReads.ts"

it.effect(
  "who comes while one is read shares the next one, and nobody gets what was read before it asked",
  () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedReads<number, string>()
      const [one, two] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      let begun = 0
      const slow = Effect.suspend(() => {
        const mine = begun++
        return Effect.as(Deferred.await(mine === 0 ? one : two), mine)
      })
      const read = Effect.forkChild(shared.read("list", slow), { startImmediately: true })
      const first = yield* read
      yield* Effect.yieldNow
      const later = yield* Effect.all([read, read, read])
      assert.strictEqual(begun, 1)
      yield* Deferred.succeed(one, undefined)
      assert.strictEqual(yield* Fiber.join(first), 0)
      yield* Deferred.succeed(two, undefined)
      assert.deepStrictEqual(yield* Fiber.joinAll(later), [1, 1, 1])
      assert.strictEqual(begun, 2)
      assert.strictEqual(yield* shared.read("list", Effect.succeed(7)), 7)
    })
)

it.effect("who asks at the same moment as the first shares its reading", () =>
  Effect.gen(function* () {
    const shared = yield* makeSharedReads<number, string>()
    let begun = 0
    const count = shared.read(
      "list",
      Effect.sync(() => begun++)
    )
    const all = yield* Effect.all([count, count, count], { concurrency: "unbounded" })
    assert.deepStrictEqual(all, [0, 0, 0])
    assert.strictEqual(yield* count, 1)
  })
)

it.effect("one who goes away takes nobody along, a failure is everybody's, and keys are apart", () =>
  Effect.gen(function* () {
    const shared = yield* makeSharedReads<number, string>()
    const gate = yield* Deferred.make<number, string>()
    const read = (key: string) =>
      Effect.forkChild(shared.read(key, Deferred.await(gate)), { startImmediately: true })
    const leader = yield* read("a")
    const followers = yield* Effect.all([read("a"), read("a"), read("b")])
    yield* Fiber.interrupt(leader)
    yield* Deferred.fail(gate, "no")
    for (const follower of followers) {
      assert.deepStrictEqual(yield* Fiber.await(follower), Exit.fail("no"))
    }
  })
)
