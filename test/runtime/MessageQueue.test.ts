import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, MutableList, Schema } from "effect"
import { MessageQueue } from "../../src/runtime/MessageQueue.ts"
import { until } from "./Probe.ts"

const Between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Steps = Schema.Array(Schema.Literals(["offer", "wait", "poll", "withdraw", "end"])).check(
  Schema.isMaxLength(60)
)

/** Some who take until the end, and what they got. */
const takers = Effect.fnUntraced(function* (queue: MessageQueue<number>, count: number) {
  const got: Array<number> = []
  const taking: Effect.Effect<void> = Effect.suspend(() => {
    const message = queue.poll()
    if (message === MutableList.Empty) return queue.done ? Effect.void : queue.whenMessage(taking)
    got.push(message)
    return taking
  })
  const fibers = yield* Effect.forEach(Array.from({ length: count }), () => Effect.forkChild(taking))
  return { got, fibers }
})

describe("MessageQueue", () => {
  it.effect.prop(
    "behaves as a list with a line of senders before it, whatever the order of steps",
    [Steps, Between(1, 4)],
    ([steps, capacity]) =>
      Effect.gen(function* () {
        const queue = yield* MessageQueue.make<number>(capacity)
        const inside: Array<number> = []
        const line: Array<{ readonly message: number; readonly fiber: Fiber.Fiber<boolean> }> = []
        let ended = false
        let next = 0
        for (const step of steps) {
          switch (step) {
            case "offer": {
              const fits = !ended && inside.length < capacity
              assert.strictEqual(queue.offer(next), fits)
              if (fits) inside.push(next)
              next++
              break
            }
            case "wait": {
              const fiber = yield* Effect.forkChild(queue.offerWhenRoom(next), { startImmediately: true })
              if (ended) assert.isFalse(yield* Fiber.join(fiber))
              else if (inside.length < capacity) {
                assert.isTrue(yield* Fiber.join(fiber))
                inside.push(next)
              } else line.push({ message: next, fiber })
              next++
              break
            }
            case "poll": {
              const expected = inside.shift()
              assert.strictEqual(queue.poll(), expected ?? MutableList.Empty)
              const admitted = expected === undefined ? undefined : line.shift()
              if (admitted !== undefined) {
                assert.isTrue(yield* Fiber.join(admitted.fiber))
                inside.push(admitted.message)
              }
              break
            }
            case "withdraw": {
              const withdrawn = line.pop()
              if (withdrawn !== undefined) yield* Fiber.interrupt(withdrawn.fiber)
              break
            }
            case "end":
              queue.end()
              ended = true
          }
          assert.strictEqual(queue.size, inside.length)
          assert.strictEqual(queue.done, ended && inside.length === 0 && line.length === 0)
        }
        queue.shutdown()
        for (const { fiber } of line) assert.isFalse(yield* Fiber.join(fiber))
        assert.isTrue(queue.done)
      })
  )

  it.effect("gives each message to one of several takers, and none is forgotten", () =>
    Effect.gen(function* () {
      const queue = yield* MessageQueue.make<number>(10)
      const { got, fibers } = yield* takers(queue, 3)
      yield* Effect.yieldNow
      for (let message = 0; message < 10; message++) assert.isTrue(queue.offer(message))
      yield* until(() => got.length === 10)
      assert.deepStrictEqual(
        got.toSorted((a, b) => a - b),
        Array.from({ length: 10 }, (_, index) => index)
      )
      queue.end()
      yield* Fiber.joinAll(fibers)
    })
  )

  it.effect("carries undefined like any message", () =>
    Effect.gen(function* () {
      const queue = yield* MessageQueue.make<undefined>(1)
      assert.isTrue(queue.offer(undefined))
      assert.isUndefined(queue.poll())
      assert.strictEqual(queue.poll(), MutableList.Empty)
    })
  )

  it.effect("forgets a taker that was interrupted", () =>
    Effect.gen(function* () {
      const queue = yield* MessageQueue.make<number>(1)
      const { got, fibers } = yield* takers(queue, 2)
      yield* Effect.yieldNow
      const [first, second] = fibers
      if (first === undefined || second === undefined) return assert.fail("two takers")
      yield* Fiber.interrupt(first)
      queue.offer(1)
      yield* until(() => got.length === 1)
      queue.end()
      yield* Fiber.join(second)
    })
  )

  it.effect("does not run a taker on the stack of a sender", () =>
    Effect.gen(function* () {
      const queue = yield* MessageQueue.make<number>(1)
      const { got } = yield* takers(queue, 1)
      yield* Effect.yieldNow
      queue.offer(1)
      assert.deepStrictEqual(got, [])
      yield* until(() => got.length === 1)
    })
  )
})
