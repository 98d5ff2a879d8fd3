import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { ApplyBatch } from "../../src/replay/Target.ts"
import { at, transaction } from "./History.ts"
import { makeWorkbench } from "./Workbench.ts"

/** Two transactions fill a batch. */
const limits = { batchChanges: 2, batchBytes: 1e9, wholeChanges: 20 }
const steady = (n: number) =>
  Array.from({ length: n }, (_, i) => i + 1).flatMap((seq) => transaction(seq, at(seq), ["orders"]))
const untils = (batches: ReadonlyArray<ApplyBatch>) => batches.map(({ until }) => until.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe("the batch behind the one under way", () => {
  it.effect("is given ahead, and no third one", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(8))
      target.mishap = () => ({ millis: 100 })
      const { fiber, run } = yield* start({}, limits)
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(untils(target.given), [2, 4])
      assert.deepStrictEqual(target.applied, [])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(untils(target.given), [2, 4, 6])
      assert.strictEqual(run.snapshot(150).position?.seq, 2)
      // The second is shown from when the target was free for it.
      assert.strictEqual(run.snapshot(150).batch?.millis, 50)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(
        target.applied.map(({ seq }) => seq),
        upTo(8)
      )
    })
  )

  it.effect("changes nothing when the one before it fails, and comes again behind it", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(8))
      let failed = 0
      target.mishap = ({ until }) =>
        until.seq === 4 && failed++ === 0
          ? { millis: 100, before: { _tag: "Unavailable", detail: "gone" } }
          : { millis: 100 }
      const { fiber, id } = yield* start({}, limits)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(untils(target.given), [2, 4, 6, 4, 6, 8])
      assert.deepStrictEqual(untils(target.batches), [2, 4, 6, 8])
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 8)
    })
  )

  it.effect("counts once when the one before it was committed and its answer lost", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(8))
      let lost = 0
      target.mishap = ({ until }) =>
        until.seq === 4 && lost++ === 0
          ? { millis: 100, after: { _tag: "Unavailable", detail: "gone" } }
          : { millis: 100 }
      const { fiber, id } = yield* start({}, limits)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(
        target.applied.map(({ seq }) => seq),
        upTo(8)
      )
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 8)
    })
  )

  it.effect("is taken back when the job is paused, before it is begun", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(8))
      target.mishap = () => ({ millis: 150 })
      const { fiber, id, keeper } = yield* start({}, limits)
      yield* TestClock.adjust("10 millis")
      assert.deepStrictEqual(untils(target.given), [2, 4])
      yield* jobs.service.act(id, "pause")
      keeper.look()
      yield* TestClock.adjust("190 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.deepStrictEqual(untils(target.batches), [2])
      assert.strictEqual(target.rolledBack, 0)
    })
  )
})
