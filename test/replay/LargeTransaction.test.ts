import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { at, transaction } from "./History.ts"
import { makeWorkbench } from "./Workbench.ts"

const limits = { batchChanges: 8, batchBytes: 1e9, wholeChanges: 20 }
const many = (n: number, table: "orders" | "stock") => Array.from({ length: n }, () => table)

describe("a large transaction", () => {
  it.effect("is booked when its last part is committed, and shown on the way", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add([
        ...transaction(1, at(1), ["orders"]),
        ...transaction(2, at(2), many(45, "orders"), 5),
        ...transaction(3, at(3), ["orders"])
      ])
      target.mishap = () => ({ millis: 100 })
      const { fiber, id, run } = yield* start({}, limits)
      yield* TestClock.adjust("250 millis")
      assert.deepStrictEqual(run.snapshot(250).batch, { changes: 40, transactions: 1, millis: 150 })
      assert.deepStrictEqual(run.snapshot(250).position, { seq: 1, ordinal: 0 })
      assert.strictEqual(target.applied.length, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(
        target.batches.map(({ goesOn }) => goesOn),
        [false, true, true, false, false]
      )
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 47)
    })
  )

  it.effect("that is paused in the middle is taken back, and begins again after the resume", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(transaction(1, at(1), many(45, "orders"), 5))
      target.mishap = () => ({ millis: 100 })
      const { fiber, id, keeper } = yield* start({}, limits)
      yield* TestClock.adjust("150 millis")
      yield* jobs.service.act(id, "pause")
      keeper.look()
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.deepStrictEqual(target.applied, [])
      assert.isNull((yield* jobs.service.find(id)).checkpoint)
      yield* jobs.service.act(id, "resume")
      const second = yield* runNext(limits)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(second.fiber), "completed")
      assert.deepStrictEqual(
        target.applied.map(({ ordinal }) => ordinal),
        many(45, "orders").map((_, i) => i)
      )
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 45)
    })
  )

  it.effect("of whose end nothing is wanted is committed all the same", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(transaction(1, at(1), [...many(20, "stock"), ...many(30, "orders")], 5))
      const { fiber } = yield* start({ tables: ["shop.stock"] }, limits)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.strictEqual(target.applied.length, 20)
      assert.deepStrictEqual(target.ledger, { seq: 1, ordinal: 49 })
    })
  )

  it.effect("that has begun does not wait for a pace that was set in the meantime", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add([...transaction(1, at(1), ["orders"]), ...transaction(2, at(2), many(45, "orders"), 5)])
      target.mishap = () => ({ millis: 100 })
      const { id, keeper } = yield* start({}, limits)
      yield* TestClock.adjust("150 millis")
      yield* jobs.service.update(id, { speed: 0.1 })
      keeper.look()
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(target.applied.length, 46)
    })
  )
})
