import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Timers } from "../../src/runtime/Timers.ts"

describe("Timers", () => {
  it.effect("runs each callback at its time, in order of time", () =>
    Effect.gen(function* () {
      const timers = yield* Timers.make
      const ran: Array<string> = []
      const note = (text: string) => () => {
        ran.push(`${text}@${timers.now()}`)
      }
      timers.after(30, note("c"))
      timers.after(10, note("a"))
      timers.after(20, note("b1"))
      timers.after(20, note("b2"))
      timers.after(Number.POSITIVE_INFINITY, note("never"))
      yield* TestClock.adjust("9 millis")
      assert.deepStrictEqual(ran, [])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(ran, ["a@10", "b1@20", "b2@20", "c@30"])
      assert.strictEqual(timers.size, 0)
    })
  )

  it.effect("forgets what was cancelled, and what a callback adds comes too", () =>
    Effect.gen(function* () {
      const timers = yield* Timers.make
      const ran: Array<string> = []
      const cancelled = timers.after(10, () => ran.push("cancelled"))
      timers.after(20, () => timers.after(5, () => ran.push("added")))
      timers.cancel(cancelled)
      assert.strictEqual(timers.size, 1)
      yield* TestClock.adjust("24 millis")
      assert.deepStrictEqual(ran, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(ran, ["added"])
    })
  )

  it.effect("runs nothing after its scope has closed", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const timers = yield* Effect.scoped(
        Effect.tap(Timers.make, (timers) => Effect.sync(() => timers.after(10, () => ran.push("late"))))
      )
      timers.after(10, () => ran.push("later"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ran, [])
      assert.strictEqual(timers.size, 0)
    })
  )
})
