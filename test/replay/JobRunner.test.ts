import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { life } from "./FakeLog.ts"
import { at, steady, transaction } from "./History.ts"
import { makeWorkbench, spec } from "./Workbench.ts"

const seqs = (applied: ReadonlyArray<{ readonly seq: number }>) => applied.map((change) => change.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe("JobRunner", () => {
  it.effect("applies a whole window in order and completes the job", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(30))
      const { fiber, id } = yield* start({ startTime: at(3), endTime: at(20) })
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(19).slice(2))
      const job = yield* jobs.service.find(id)
      assert.strictEqual(job.status, "completed")
      assert.deepStrictEqual(job.checkpoint?.position, { seq: 19, ordinal: 0 })
      assert.strictEqual(job.counters.processed, 17)
      assert.deepInclude(job.plan, { range: { start: 3, end: 20 }, changes: 17, store: "sqlite" })
    })
  )

  it.effect("counts what a dry run reads by itself: no target has it", () =>
    Effect.gen(function* () {
      const { archive, start } = yield* makeWorkbench
      archive.add(steady(20))
      const { fiber, run } = yield* start({ dryRun: true })
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      const { dryRun, replayed, latency } = run.figures
      assert.deepStrictEqual([dryRun, replayed, latency.count], [20, 0, 0])
    })
  )

  it.effect("waits, for whoever watches it, while its filter passes over all of the log", () =>
    Effect.gen(function* () {
      const { archive, start } = yield* makeWorkbench
      archive.add(steady(20))
      const { run, fiber } = yield* start({ follow: true, tables: ["public.nothing"] })
      for (let second = 1; second <= 60; second++) {
        yield* TestClock.adjust("1 second")
        assert.strictEqual(run.snapshot(second * 1000).phase, "waiting")
        archive.add(transaction(20 + second, at(20 + second), ["orders"]))
      }
      assert.isAbove(run.checkpoint?.position.seq ?? 0, 70)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("completes an empty window without opening its target", () =>
    Effect.gen(function* () {
      const { jobs, start, target } = yield* makeWorkbench
      const { fiber, id } = yield* start()
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(target.opened, [])
      assert.strictEqual((yield* jobs.service.find(id)).status, "completed")
    })
  )

  it.effect("keeps pace: each transaction is applied when it is due", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(11, 2))
      const { fiber } = yield* start({ speed: 4 })
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      for (const [i, change] of target.applied.entries()) assert.closeTo(change.millis, i * 500, 1.5)
    })
  )

  it.effect("takes what is due within two milliseconds as one batch", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(101, 0.001))
      const { fiber } = yield* start({ speed: 1 })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.isAtMost(target.batches.length, 51)
      for (const [i, change] of target.applied.entries()) assert.closeTo(change.millis, i, 2)
    })
  )

  it.effect("follows a change of speed", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(100, 10))
      const { fiber, id, keeper } = yield* start({ speed: 1 })
      yield* TestClock.adjust("35 seconds")
      assert.strictEqual(target.applied.length, 4)
      yield* jobs.service.update(id, { speed: 10 })
      keeper.look()
      yield* TestClock.adjust("1 second")
      assert.strictEqual(target.applied.length, 5)
      // Found by polling too: the hint may be lost.
      yield* jobs.service.update(id, { speed: "max" })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.strictEqual(target.applied.length, 100)
    })
  )

  it.effect("keeps pace with a slow target by giving it together what became due meanwhile", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(200, 1))
      target.mishap = () => ({ millis: 400 })
      const { fiber, run } = yield* start({ speed: 20 })
      yield* TestClock.adjust("9 seconds")
      assert.closeTo(run.snapshot(9000).effectiveSpeed ?? 0, 20, 2)
      assert.isAtMost(target.batches.length, 24)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
    })
  )

  it.effect("plays slower than asked, and without a burst later, when the target cannot keep up", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(100, 1))
      target.mishap = () => ({ millis: 2000 })
      const { fiber, run } = yield* start({ speed: 5 })
      yield* TestClock.adjust("20 seconds")
      const { effectiveSpeed, speed } = run.snapshot(20_000)
      assert.strictEqual(speed, 5)
      assert.isNotNull(effectiveSpeed)
      assert.isBelow(effectiveSpeed ?? 0, 2.5)
      target.mishap = () => ({})
      yield* TestClock.adjust("2 seconds")
      const before = target.applied.length
      yield* TestClock.adjust("2 seconds")
      assert.closeTo(target.applied.length - before, 10, 1)
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(fiber)
    })
  )

  it.effect("writes progress about once a second, however many batches there are", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(1000, 0.01))
      const { fiber, id } = yield* start({ speed: 1 })
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.isAtMost(jobs.controls.calls.filter((call) => call === "progress").length, 11)
      const job = yield* jobs.service.find(id)
      assert.strictEqual(job.counters.processed, 1000)
    })
  )

  it.effect("passes over what is not wanted, and ends at the window's end", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      for (let seq = 1; seq <= 50; seq++)
        archive.add(transaction(seq, at(seq), [seq === 20 ? "stock" : "orders"]))
      const { fiber, id, run } = yield* start({ tables: ["shop.stock"] })
      yield* Fiber.join(fiber)
      // What brought nothing but a position says nothing of how long changes take.
      assert.deepStrictEqual([run.figures.replayed, run.figures.latency.count], [1, 1])
      assert.deepStrictEqual(seqs(target.applied), [20])
      assert.deepStrictEqual(target.ledger, { seq: 50, ordinal: 0 })
      assert.isAtMost(target.batches.length, 2)
      assert.deepStrictEqual((yield* jobs.service.find(id)).checkpoint?.position, { seq: 50, ordinal: 0 })
    })
  )

  it.effect("tells the ledger of a stretch it passes over at most once a second", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      yield* start({ tables: ["shop.stock"], follow: true })
      for (let seq = 1; seq <= 100; seq++) {
        archive.add(transaction(seq, at(seq), ["orders"]))
        yield* TestClock.adjust("100 millis")
      }
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(target.ledger, { seq: 100, ordinal: 0 })
      assert.isAtMost(target.batches.length, 12)
    })
  )

  it.effect("follows the log", () =>
    Effect.gen(function* () {
      const { archive, fiber, target } = yield* Effect.map(makeWorkbench, (bench) => bench).pipe(
        Effect.flatMap((bench) =>
          Effect.map(bench.start({ follow: true }), (runner) => ({ ...bench, ...runner }))
        )
      )
      for (let seq = 1; seq <= 3; seq++) {
        archive.add(transaction(seq, at(seq), ["orders"]))
        yield* TestClock.adjust("1 milli")
        assert.strictEqual(target.applied.length, seq)
      }
      assert.isUndefined(fiber.pollUnsafe())
    })
  )

  it.effect("ends at an end that lay ahead, when a transaction reaches it", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      const { fiber, id } = yield* start({ endTime: at(5) })
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(target.applied.length, 3)
      assert.isNull((yield* jobs.service.find(id)).plan?.range.end)
      archive.add([4, 5, 6].flatMap((seq) => transaction(seq, at(seq), ["orders"])))
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(4))
      assert.deepInclude((yield* jobs.service.find(id)).plan, { range: { start: 1, end: 5 }, changes: 4 })
    })
  )

  it.effect("ends at an end that lay ahead on an idle source, by coverage time", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      const { fiber, id } = yield* start({ endTime: at(5) })
      yield* TestClock.adjust("1 milli")
      archive.advance(at(5))
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(3))
      assert.deepStrictEqual((yield* jobs.service.find(id)).plan?.range, { start: 1, end: 4 })
    })
  )

  it.effect("applies nothing of what commits behind its end by a clock that was set back", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      const first = yield* start({ endTime: at(5) })
      yield* TestClock.adjust("1 milli")
      // Both before the runner looks: the end is passed, and a transaction comes whose commit time lies before it.
      archive.advance(at(5))
      archive.add(transaction(4, at(4), ["orders"]))
      assert.strictEqual(yield* Fiber.join(first.fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(3))
      const { id } = yield* jobs.service.create(spec({ startTime: at(5), endTime: at(6) }))
      yield* jobs.service.act(id, "start")
      archive.advance(at(6))
      const second = yield* runNext()
      assert.strictEqual(yield* Fiber.join(second.fiber), "completed")
      assert.deepStrictEqual((yield* jobs.service.find(id)).plan?.range, { start: 4, end: 5 })
    })
  )

  it.effect("ends at an LSN that lay ahead on an idle source, by the frontier", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      const { fiber, id } = yield* start({ endLsn: 5n * 256n, follow: true })
      yield* TestClock.adjust("1 milli")
      assert.strictEqual(target.applied.length, 3)
      archive.reach(5n * 256n)
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual((yield* jobs.service.find(id)).plan?.range, { start: 1, end: 4 })
    })
  )

  it.effect("fails when the archive was replaced since its window was decided", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      const first = yield* start({ speed: 1 })
      yield* TestClock.adjust("4500 millis")
      yield* jobs.service.act(first.id, "pause")
      first.keeper.look()
      assert.strictEqual(yield* Fiber.join(first.fiber), "let-go")
      archive.incarnations = [{ ...life, startLsn: 0x99n }]
      yield* jobs.service.act(first.id, "resume")
      const second = yield* runNext()
      assert.strictEqual(yield* Fiber.join(second.fiber), "failed")
      const { failure } = yield* jobs.service.find(first.id)
      assert.strictEqual(failure?.code, "history_replaced")
      assert.include(failure?.message, "shop@7001/walstream/0/10")
      assert.include(failure?.message, "shop@7001/walstream/0/99")
      assert.include(failure?.message, "create a new job")
      assert.strictEqual(target.opened.length, 1)
      // The right archive is back.
      archive.incarnations = [life]
      yield* jobs.service.act(first.id, "resume")
      yield* jobs.service.update(first.id, { speed: "max" })
      const third = yield* runNext()
      assert.strictEqual(yield* Fiber.join(third.fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
    })
  )

  it.effect("does not follow into a life that gives numbers again, and finishes what lies before it", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      const follower = yield* start({ follow: true })
      yield* TestClock.adjust("1 milli")
      archive.incarnations = [life, { ...life, number: 2, firstSeq: 11, reusesNumbers: true }]
      archive.add(transaction(11, at(11), ["orders"]).map((chunk) => ({ ...chunk, incarnation: 2 })))
      assert.strictEqual(yield* Fiber.join(follower.fiber), "failed")
      assert.strictEqual((yield* jobs.service.find(follower.id)).failure?.code, "history_replaced")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
    })
  )

  it.effect("goes on with a window that ends before such a life", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      const first = yield* start({ speed: 1, endTime: at(8) })
      yield* TestClock.adjust("4500 millis")
      yield* jobs.service.act(first.id, "pause")
      first.keeper.look()
      assert.strictEqual(yield* Fiber.join(first.fiber), "let-go")
      archive.incarnations = [life, { ...life, number: 2, firstSeq: 11, reusesNumbers: true }]
      yield* jobs.service.act(first.id, "resume")
      yield* jobs.service.update(first.id, { speed: "max" })
      assert.strictEqual(yield* Fiber.join((yield* runNext()).fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(7))
    })
  )

  it.effect("waits for a history that has not begun", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.incarnations = []
      const { id } = yield* start({ follow: true })
      yield* TestClock.adjust("5 seconds")
      assert.isNull((yield* jobs.service.find(id)).plan)
      archive.incarnations = [life]
      archive.reach(0x10n)
      yield* TestClock.adjust("1 milli")
      assert.deepInclude((yield* jobs.service.find(id)).plan, {
        history: "shop@7001/walstream/0/10",
        range: { start: 1, end: null }
      })
    })
  )

  it.effect("ends at an LSN that lay ahead", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      const { fiber } = yield* start({ endLsn: 5n * 256n })
      yield* TestClock.adjust("1 milli")
      archive.add([4, 5, 6].flatMap((seq) => transaction(seq, at(seq), ["orders"])))
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(4))
    })
  )

  it.effect("keeps its plan: a resumed job does not read its window anew", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      const first = yield* start({ speed: 1 })
      yield* TestClock.adjust("4500 millis")
      yield* jobs.service.act(first.id, "pause")
      first.keeper.look()
      assert.strictEqual(yield* Fiber.join(first.fiber), "let-go")
      archive.add([11, 12].flatMap((seq) => transaction(seq, at(seq), ["orders"])))
      yield* jobs.service.act(first.id, "resume")
      yield* jobs.service.update(first.id, { speed: "max" })
      const second = yield* runNext()
      assert.strictEqual(yield* Fiber.join(second.fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
      assert.strictEqual((yield* jobs.service.find(first.id)).counters.processed, 10)
    })
  )
})
