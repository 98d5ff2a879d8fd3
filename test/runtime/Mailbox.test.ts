import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber, Stream } from "effect"
import { Mailbox, type Overflow } from "../../src/runtime/Mailbox.ts"
import { until } from "./Probe.ts"

const make = (overflow: Overflow, capacity = 2) => Mailbox.make<number>("/m", { capacity, overflow })

describe("a full mailbox", () => {
  it.effect("lets senders wait for room, in order", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait")
      yield* mailbox.offer(1)
      yield* mailbox.offer(2)
      const third = yield* Effect.forkChild(mailbox.offer(3))
      const fourth = yield* Effect.forkChild(mailbox.offer(4))
      yield* Effect.yieldNow
      assert.isUndefined(third.pollUnsafe())
      assert.strictEqual(mailbox.depth, 2)
      assert.strictEqual(yield* mailbox.take, 1)
      yield* Fiber.join(third)
      assert.isUndefined(fourth.pollUnsafe())
      assert.deepStrictEqual(yield* mailbox.takeAll, [2, 3, 4])
      yield* Fiber.join(fourth)
    })
  )

  it.effect("drops a waiting message whose sender has gone", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait", 1)
      yield* mailbox.offer(1)
      const waiting = yield* Effect.forkChild(mailbox.offer(2))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(waiting)
      assert.deepStrictEqual(yield* mailbox.takeAll, [1])
      assert.strictEqual(mailbox.depth, 0)
    })
  )

  it.effect("refuses", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("reject")
      yield* mailbox.offer(1)
      yield* mailbox.offer(2)
      const refused = yield* Effect.flip(mailbox.offer(3))
      assert.strictEqual(refused._tag, "MailboxFull")
      assert.strictEqual(refused.message, "the mailbox of /m is full")
      assert.isTrue(refused.isRetryable)
      assert.deepStrictEqual(yield* mailbox.takeAll, [1, 2])
      yield* mailbox.offer(4)
      assert.strictEqual(mailbox.dropped, 0)
    })
  )

  it.effect("drops the oldest and counts", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("drop-oldest")
      yield* Effect.forEach([1, 2, 3, 4, 5], (message) => mailbox.offer(message))
      assert.strictEqual(mailbox.dropped, 3)
      assert.strictEqual(mailbox.depth, 2)
      assert.deepStrictEqual(yield* mailbox.takeAll, [4, 5])
    })
  )
})

describe("taking", () => {
  it.effect("waits for the first message and takes batches up to a size", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait", 100)
      const batch = yield* Effect.forkChild(mailbox.takeBatch(3))
      yield* Effect.yieldNow
      assert.isUndefined(batch.pollUnsafe())
      yield* Effect.forEach([1, 2, 3, 4, 5], (message) => mailbox.offer(message))
      assert.deepStrictEqual(yield* Fiber.join(batch), [1, 2, 3])
      assert.deepStrictEqual(yield* mailbox.takeBatch(3), [4, 5])
    })
  )

  it.effect("loses nothing to a taker that was interrupted", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait")
      const taker = yield* Effect.forkChild(mailbox.take)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(taker)
      yield* mailbox.offer(1)
      assert.strictEqual(yield* mailbox.take, 1)
    })
  )

  it.effect("shares the messages between two takers", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait")
      const takers = yield* Effect.forEach([1, 2], () => Effect.forkChild(mailbox.take))
      yield* Effect.yieldNow
      yield* mailbox.offer(1)
      yield* mailbox.offer(2)
      assert.sameMembers([...(yield* Fiber.joinAll(takers))], [1, 2])
    })
  )

  it.effect("knows the end: what is in can be taken, then Done; nothing new comes in", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait", 1)
      yield* mailbox.offer(1)
      // A sender that already waits counts as in.
      const waiting = yield* Effect.forkChild(mailbox.offer(2))
      yield* Effect.yieldNow
      mailbox.close()
      assert.strictEqual((yield* Effect.flip(mailbox.offer(3)))._tag, "ActorStopped")
      assert.strictEqual(yield* mailbox.take, 1)
      assert.strictEqual(yield* mailbox.take, 2)
      yield* Fiber.join(waiting)
      assert.isTrue(Cause.isDone(yield* Effect.flip(mailbox.take)))
      assert.isTrue(Cause.isDone(yield* Effect.flip(mailbox.takeAll)))
    })
  )

  it.effect("is a stream that ends with the mailbox", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait", 100)
      const seen: Array<number> = []
      const reading = yield* mailbox.messages.pipe(
        Stream.runForEach((message) => Effect.sync(() => seen.push(message))),
        Effect.forkChild
      )
      yield* Effect.forEach([1, 2, 3], (message) => mailbox.offer(message))
      yield* until(() => seen.length === 3)
      mailbox.close()
      yield* Fiber.join(reading)
      assert.deepStrictEqual(seen, [1, 2, 3])
    })
  )

  it.effect("tells waiting senders when it is shut down", () =>
    Effect.gen(function* () {
      const mailbox = yield* make("wait", 1)
      yield* mailbox.offer(1)
      const waiting = yield* Effect.forkChild(Effect.flip(mailbox.offer(2)))
      yield* Effect.yieldNow
      mailbox.shutdown()
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "ActorStopped")
      assert.strictEqual(mailbox.depth, 0)
    })
  )
})
