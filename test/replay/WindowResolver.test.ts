import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { JobSpec } from "../../src/domain/Job.ts"
import { awaitEnd, resolveWindow } from "../../src/replay/WindowResolver.ts"
import { Dice } from "../log/Dice.ts"
import { FakeLog, life } from "./FakeLog.ts"
import { at, steady, transaction } from "./History.ts"
import { spec } from "./Workbench.ts"

const log = (chunks = steady(10)) => {
  const archive = new FakeLog("sqlite")
  archive.add(chunks)
  return archive
}
const resolve = (archive: FakeLog, asked: Partial<JobSpec>) =>
  resolveWindow(spec(asked), () => undefined).pipe(Effect.provide(archive.archive))

describe("WindowResolver", () => {
  it.effect("is everything that is held now, without bounds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* resolve(log(), {}), { start: 1, end: 11 })
      assert.deepStrictEqual(yield* resolve(log(), { follow: true }), { start: 1, end: null })
      assert.deepStrictEqual(yield* resolve(new FakeLog("sqlite"), {}), { start: 1, end: 1 })
    })
  )

  it.effect("includes the start and excludes the end", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* resolve(log(), { startTime: at(3), endTime: at(6) }), {
        start: 3,
        end: 6
      })
      assert.deepStrictEqual(yield* resolve(log(), { startTime: at(3) + 1, endTime: at(6) + 1 }), {
        start: 4,
        end: 7
      })
      assert.deepStrictEqual(yield* resolve(log(), { startLsn: 3n * 256n, endLsn: 6n * 256n }), {
        start: 3,
        end: 6
      })
    })
  )

  it.effect("takes the later start and the earlier end", () =>
    Effect.gen(function* () {
      const asked = { startTime: at(2), startLsn: 4n * 256n, endTime: at(9), endLsn: 7n * 256n }
      assert.deepStrictEqual(yield* resolve(log(), asked), { start: 4, end: 7 })
      assert.deepStrictEqual(yield* resolve(log(), { ...asked, endLsn: 99n * 256n }), { start: 4, end: 9 })
    })
  )

  it.effect("is empty, not upside down, when nothing lies between", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* resolve(log(), { startTime: at(6), endTime: at(3) }), {
        start: 6,
        end: 6
      })
    })
  )

  it.effect("refuses to begin before what retention has left, naming what is held", () =>
    Effect.gen(function* () {
      const archive = log()
      archive.firstSeq = 4
      const error = yield* Effect.flip(resolve(archive, { startTime: at(2) }))
      assert.strictEqual(error._tag, "HistoryRemoved")
      assert.include(error.message, "1970-01-01T00:00:04")
      assert.strictEqual(
        (yield* Effect.flip(resolve(archive, { startLsn: 2n * 256n })))._tag,
        "HistoryRemoved"
      )
      assert.deepStrictEqual(yield* resolve(archive, { startTime: at(4) }), { start: 4, end: 11 })
      assert.deepStrictEqual(yield* resolve(archive, { startLsn: 4n * 256n }), { start: 4, end: 11 })
      assert.deepStrictEqual(yield* resolve(archive, {}), { start: 4, end: 11 })
    })
  )

  it.effect("leaves an end that lies ahead open, and tells it when a transaction reaches it", () =>
    Effect.gen(function* () {
      const archive = log()
      const asked = spec({ endTime: at(12) })
      assert.deepStrictEqual(yield* resolve(archive, asked), { start: 1, end: null })
      const end = yield* awaitEnd(asked).pipe(Effect.provide(archive.archive), Effect.forkChild)
      archive.add(transaction(11, at(11), ["orders"]))
      yield* TestClock.adjust(1)
      assert.isUndefined(end.pollUnsafe())
      archive.add(transaction(12, at(13), ["orders"]))
      assert.strictEqual(yield* Fiber.join(end), 12)
    })
  )

  it.effect("knows the end of a window on an idle source by coverage time", () =>
    Effect.gen(function* () {
      const archive = log()
      const asked = spec({ endTime: at(12) })
      const end = yield* awaitEnd(asked).pipe(Effect.provide(archive.archive), Effect.forkChild)
      archive.advance(at(12) - 1)
      yield* TestClock.adjust(1)
      assert.isUndefined(end.pollUnsafe())
      archive.advance(at(12))
      assert.strictEqual(yield* Fiber.join(end), 11)
      assert.deepStrictEqual(yield* resolve(archive, { startTime: at(12) }), { start: 11, end: 11 })
      // The clock is set back: what commits now lies in the next window, whatever it says.
      archive.add(transaction(11, at(3), ["orders"]))
      assert.deepStrictEqual(yield* resolve(archive, asked), { start: 1, end: 11 })
      assert.deepStrictEqual(yield* resolve(archive, { startTime: at(12) }), { start: 11, end: 12 })
    })
  )

  it.effect("knows where an LSN lies on an idle source by the frontier", () =>
    Effect.gen(function* () {
      const archive = log()
      const asked = spec({ endLsn: 12n * 256n })
      assert.deepStrictEqual(yield* resolve(archive, asked), { start: 1, end: null })
      const end = yield* awaitEnd(asked).pipe(Effect.provide(archive.archive), Effect.forkChild)
      const next = yield* Effect.forkChild(resolve(archive, { startLsn: 12n * 256n }))
      archive.reach(12n * 256n - 1n)
      yield* TestClock.adjust(1)
      assert.isUndefined(end.pollUnsafe())
      archive.reach(12n * 256n)
      assert.strictEqual(yield* Fiber.join(end), 11)
      assert.deepStrictEqual(yield* Fiber.join(next), { start: 11, end: 11 })
    })
  )

  it.effect("begins with the history for an LSN before it, and refuses one of an earlier life", () =>
    Effect.gen(function* () {
      const archive = log()
      archive.incarnations = [{ ...life, startLsn: 128n }]
      assert.deepStrictEqual(yield* resolve(archive, { startLsn: 1n }), { start: 1, end: 11 })
      assert.deepStrictEqual(yield* resolve(archive, { endLsn: 1n }), { start: 1, end: 1 })
      archive.incarnations = [life, { ...life, number: 2, firstSeq: 6, startLsn: 6n * 256n }]
      for (const asked of [{ startLsn: 6n * 256n - 1n }, { endLsn: 6n * 256n - 1n }]) {
        const error = yield* Effect.flip(resolve(archive, asked))
        assert.strictEqual(error._tag, "LsnUnknown")
        assert.include(error.message, "LSN 0/5FF lies before 0/600")
      }
      assert.deepStrictEqual(yield* resolve(archive, { startLsn: 6n * 256n }), { start: 6, end: 11 })
    })
  )

  it.effect("refuses to begin among those of which some are removed, though a clock set back hides it", () =>
    Effect.gen(function* () {
      const archive = new FakeLog("sqlite")
      for (const [i, time] of [1, 9, 2, 3, 4, 12].entries()) {
        archive.add(transaction(i + 1, at(time), ["orders"]))
      }
      archive.firstSeq = 4
      for (const time of [3, 9]) {
        assert.strictEqual(
          (yield* Effect.flip(resolve(archive, { startTime: at(time) })))._tag,
          "HistoryRemoved"
        )
      }
      assert.deepStrictEqual(yield* resolve(archive, { startTime: at(9) + 1 }), { start: 6, end: 7 })
    })
  )

  it.effect("waits for a start that lies ahead", () =>
    Effect.gen(function* () {
      const archive = log()
      const range = yield* Effect.forkChild(resolve(archive, { startTime: at(20), endTime: at(30) }))
      archive.add(transaction(11, at(15), ["orders"]))
      yield* TestClock.adjust(1)
      assert.isUndefined(range.pollUnsafe())
      archive.add(transaction(12, at(21), ["orders"]))
      assert.deepStrictEqual(yield* Fiber.join(range), { start: 12, end: null })
    })
  )

  it.effect.prop(
    "adjacent windows tile, whatever commit times do",
    [Schema.Int],
    ([seed]) =>
      Effect.gen(function* () {
        const dice = new Dice(seed)
        const archive = new FakeLog("sqlite")
        let time = 100
        const count = 1 + dice.below(60)
        for (let seq = 1; seq <= count; seq++) {
          time += dice.oneIn(10) ? -dice.below(30) : dice.below(8) - 2
          archive.add(transaction(seq, at(time), ["orders"]))
        }
        archive.advance(at(time + 1000))
        const cuts = Array.from({ length: 1 + dice.below(6) }, () => at(60 + dice.below(160))).toSorted(
          (a, b) => a - b
        )
        let next = 1
        for (let i = 0; i <= cuts.length; i++) {
          const startTime = cuts[i - 1] ?? null
          const endTime = cuts[i] ?? null
          const range = yield* resolve(archive, { startTime, endTime })
          assert.strictEqual(range.start, next)
          assert.isNotNull(range.end)
          next = range.end ?? 0
        }
        assert.strictEqual(next, count + 1)
      }),
    { arbitrary: { runs: 200 } }
  )
})
