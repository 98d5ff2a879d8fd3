import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import type { JobSpec } from "../../src/domain/Job.ts"
import { JobStoreError } from "../../src/replay/JobStore.ts"
import { at, steady } from "./History.ts"
import { makeWorkbench, type Runner } from "./Workbench.ts"

const seqs = (applied: ReadonlyArray<{ readonly seq: number }>) => applied.map((change) => change.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
const down = new JobStoreError({ detail: "connection refused", isRetryable: true })
const single = { batchChanges: 1, batchBytes: 1e9, wholeChanges: 100 }

type Workbench = Effect.Success<typeof makeWorkbench>

/** Gone from one moment to the next, a few milliseconds after it began: it tells the job store nothing any more. */
const killed = Effect.fnUntraced(function* ({ jobs }: Workbench, { fiber }: Runner) {
  yield* TestClock.adjust("5 millis")
  assert.isUndefined(fiber.pollUnsafe())
  jobs.controls.down = new JobStoreError({ detail: "the process is gone", isRetryable: false })
  yield* Fiber.interrupt(fiber)
  jobs.controls.down = null
  jobs.controls.gone.add("worker")
})

describe("lease, pause and stop", () => {
  it.effect("pause ends a run that waits, by hint at once", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(10))
      const { fiber, id, keeper } = yield* start({ speed: 0.1 })
      yield* TestClock.adjust("15 seconds")
      yield* jobs.service.act(id, "pause")
      keeper.look()
      yield* TestClock.adjust("1 milli")
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.strictEqual((yield* jobs.service.find(id)).status, "paused")
    })
  )

  it.effect("pause is found within a second when its hint is lost", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(10))
      const { fiber, id } = yield* start({ speed: 0.1 })
      yield* TestClock.adjust("15 seconds")
      yield* jobs.service.act(id, "pause")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
    })
  )

  it.effect("pause lets a quick batch finish", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      target.mishap = () => ({ millis: 150 })
      const { fiber, id, keeper } = yield* start({}, single)
      yield* TestClock.adjust("10 millis")
      yield* jobs.service.act(id, "pause")
      keeper.look()
      yield* TestClock.adjust("190 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.deepStrictEqual(seqs(target.applied), [1])
      assert.strictEqual(target.rolledBack, 0)
    })
  )

  it.effect(
    "pause rolls a slow batch back within 200 ms, and nothing of it is lost or doubled after the resume",
    () =>
      Effect.gen(function* () {
        const { archive, jobs, runNext, start, target } = yield* makeWorkbench
        archive.add(steady(10))
        target.mishap = (batch) => (batch.until.seq === 4 ? { millis: 60_000 } : {})
        const { fiber, id, keeper } = yield* start({}, single)
        yield* TestClock.adjust("10 millis")
        assert.deepStrictEqual(seqs(target.applied), [1, 2, 3])
        yield* jobs.service.act(id, "pause")
        keeper.look()
        yield* TestClock.adjust("199 millis")
        assert.strictEqual(target.rolledBack, 0)
        yield* TestClock.adjust("1 milli")
        assert.strictEqual(target.rolledBack, 1)
        assert.strictEqual(yield* Fiber.join(fiber), "let-go")
        target.mishap = () => ({})
        yield* jobs.service.act(id, "resume")
        const { fiber: resumed } = yield* runNext()
        assert.strictEqual(yield* Fiber.join(resumed), "completed")
        assert.deepStrictEqual(seqs(target.applied), upTo(10))
        assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 10)
      })
  )

  it.effect("cancel ends the run for good", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(10))
      const { fiber, id, keeper } = yield* start({ speed: 0.1 })
      yield* TestClock.adjust("1 second")
      yield* jobs.service.act(id, "cancel")
      keeper.look()
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.strictEqual((yield* jobs.service.find(id)).status, "cancelled")
    })
  )

  it.effect("renews at a third of the lease", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(10))
      yield* start({ speed: 0.1, follow: true })
      yield* TestClock.adjust("1000 seconds")
      const renewals = jobs.controls.calls.filter((call) => call === "renew").length
      // And once at the beginning, to say that it waits.
      assert.strictEqual(renewals, 11)
    })
  )

  const ahead = { startTime: at(100), endTime: at(200) }
  const nothing = () => undefined
  const waits: ReadonlyArray<readonly [string, Partial<JobSpec>, (bench: Workbench) => void]> = [
    ["that has caught up with an idle source", { follow: true }, nothing],
    ["whose window lies ahead", ahead, nothing],
    [
      "whose source has no history yet",
      { follow: true },
      ({ archive }) => {
        archive.incarnations = []
      }
    ],
    ["paced, whose next change is far off", { speed: 0.001 }, nothing],
    [
      "whose target does not answer",
      { follow: true },
      ({ target }) => {
        target.openFails = { _tag: "Unavailable", detail: "connection refused" }
      }
    ]
  ]
  for (const [which, change, prepare] of waits) {
    it.effect(`a job ${which} is not failed, however often its worker is killed`, () =>
      Effect.gen(function* () {
        const bench = yield* makeWorkbench
        const { archive, runNext, start } = bench
        archive.add(steady(10))
        prepare(bench)
        const job = yield* start(change)
        yield* killed(bench, job)
        for (let epoch = 2; epoch <= 8; epoch++) {
          const runner = yield* runNext()
          assert.strictEqual(runner.run.epoch, epoch)
          yield* killed(bench, runner)
        }
      })
    )
  }

  it.effect("a job whose first batch kills its worker three times is failed", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      const { archive, jobs, runNext, start, target } = bench
      archive.add(steady(10))
      target.mishap = () => ({ millis: 60_000 })
      const job = yield* start({ follow: true })
      yield* killed(bench, job)
      for (const _ of [2, 3]) yield* killed(bench, yield* runNext())
      assert.isTrue(Option.isNone(yield* jobs.service.acquire("worker", 300)))
      assert.strictEqual((yield* jobs.service.find(job.id)).failure?.code, "takeovers")
    })
  )

  it.effect("stops itself when the lease cannot be renewed in time, and rolls back what is under way", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      target.mishap = () => ({ millis: 3_600_000 })
      const { fiber } = yield* start()
      yield* TestClock.adjust("100 seconds")
      // Renewed at second 100; the store goes away after that.
      jobs.controls.down = down
      yield* TestClock.adjust("299 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.strictEqual(target.rolledBack, 1)
    })
  )

  it.effect("outlives a job store that is away for less than the lease", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(400))
      const { fiber, id } = yield* start({ speed: 1 })
      yield* TestClock.adjust("50 seconds")
      jobs.controls.down = down
      yield* TestClock.adjust("200 seconds")
      jobs.controls.down = null
      yield* TestClock.adjust("150 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.strictEqual(target.applied.length, 400)
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 400)
    })
  )

  it.effect("insists on booking the end while the lease lasts", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      target.mishap = () => ({ millis: 10_000 })
      const { fiber, id } = yield* start()
      yield* TestClock.adjust("5 seconds")
      jobs.controls.down = down
      yield* TestClock.adjust("60 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      jobs.controls.down = null
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.strictEqual((yield* jobs.service.find(id)).status, "completed")
    })
  )

  it.effect("a job's end waits for the progress that is being saved", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      const answered = yield* Deferred.make<void>()
      jobs.controls.holdsProgress = Deferred.await(answered)
      target.mishap = (batch) => (batch.until.seq === 2 ? { millis: 10_000 } : {})
      const { fiber, id } = yield* start({}, single)
      // The first progress is on its way to the store, and all the rest is applied meanwhile.
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
      assert.isUndefined(fiber.pollUnsafe())
      assert.notInclude(jobs.controls.calls, "complete")
      yield* Deferred.succeed(answered, undefined)
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 10)
    })
  )

  it.effect("a job whose worker stops in order is queued again, its progress saved", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      target.mishap = (batch) => (batch.until.seq === 4 ? { millis: 60_000 } : {})
      const { fiber, id } = yield* start({}, single)
      yield* TestClock.adjust("10 millis")
      yield* Fiber.interrupt(fiber)
      const job = yield* jobs.service.find(id)
      assert.strictEqual(job.status, "queued")
      assert.deepStrictEqual(job.checkpoint?.position, { seq: 3, ordinal: 0 })
      assert.strictEqual(job.counters.processed, 3)
      assert.strictEqual(target.rolledBack, 1)
      target.mishap = () => ({})
      const { fiber: next } = yield* runNext()
      assert.strictEqual(yield* Fiber.join(next), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
    })
  )

  it.effect("a second runner takes over, and the first one, thawed, changes nothing", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      archive.add(steady(10))
      // The first holder's transaction is open when the second one reads the ledger.
      target.mishap = (batch) => (batch.until.seq === 4 && target.epoch === 1 ? { millis: 400_000 } : {})
      const first = yield* start({}, single)
      yield* TestClock.adjust("10 millis")
      jobs.controls.gone.add("worker")
      const second = yield* runNext(single)
      jobs.controls.gone.clear()
      assert.strictEqual(yield* Fiber.join(second.fiber), "completed")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(first.fiber), "let-go")
      assert.deepStrictEqual(seqs(target.applied), upTo(10))
      assert.strictEqual((yield* jobs.service.find(first.id)).status, "completed")
    })
  )
})
