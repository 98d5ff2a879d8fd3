import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { ApplyBatch } from "../../src/replay/Target.ts"
import type { TargetErrorReason } from "../../src/replay/TargetError.ts"
import { at, steady, transaction } from "./History.ts"
import { makeWorkbench } from "./Workbench.ts"

const seqs = (applied: ReadonlyArray<{ readonly seq: number }>) => applied.map((change) => change.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
const holds = (batch: ApplyBatch, seq: number) => batch.chunks.some((chunk) => chunk.seq === seq)
const unavailable = { _tag: "Unavailable", detail: "connection refused" } as const
const rejected = {
  _tag: "Rejected",
  seq: 7,
  ordinal: 0,
  table: "shop.orders",
  sqlState: "23505",
  detail: "duplicate key"
} as const

/** A transaction at a time, so that batches are what the tests say. */
const single = { batchChanges: 1, batchBytes: 1e9, wholeChanges: 100 }

describe("failure policy", () => {
  it.effect("an unavailable target is tried again with backoff, shown, and never counted", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      target.mishap = () => ({ before: unavailable })
      const { fiber, id, run } = yield* start()
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(run.snapshot(0).phase, "retrying")
      assert.include(run.snapshot(0).retrying?.reason, "connection refused")
      assert.isAtLeast(run.snapshot(0).retrying?.attempts ?? 0, 5)
      assert.isAtMost(target.opened.length, 15)
      target.mishap = () => ({})
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.isNull(run.snapshot(0).retrying)
      assert.deepStrictEqual(seqs(target.applied), upTo(20))
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 20)
    })
  )

  it.effect("what a batch waits for is shown while it is tried again, and for how long", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      target.mishap = () => ({ before: unavailable, millis: 5000 })
      const { fiber, run } = yield* start()
      yield* TestClock.adjust("13 seconds")
      const { batch, phase, retrying } = run.snapshot(13_000)
      assert.isNotNull(batch) // in the target's hand again
      assert.strictEqual(phase, "retrying")
      assert.strictEqual(retrying?.millis, 8000)
      target.mishap = () => ({})
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.isNull(run.snapshot(23_000).retrying)
    })
  )

  it.effect("a target that cannot be opened yet is waited for", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      target.openFails = unavailable
      const { fiber } = yield* start()
      yield* TestClock.adjust("10 seconds")
      target.openFails = null
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(3))
    })
  )

  it.effect("an unknown outcome is settled by the ledger: applied once, counted once", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      let accidents = 0
      target.mishap = (batch) => (holds(batch, 7) && accidents++ === 0 ? { after: unavailable } : {})
      const { fiber, id } = yield* start({}, single)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(20))
      assert.strictEqual((yield* jobs.service.find(id)).counters.processed, 20)
    })
  )

  it.effect("a ledger that stands elsewhere is read again", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      target.mishap = (batch) => {
        // What the old holder's open transaction does, that commits after we read the position.
        if (holds(batch, 5) && target.ledger?.seq === 4) target.ledger = { seq: 9, ordinal: 0 }
        return {}
      }
      const { fiber } = yield* start({}, single)
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), [1, 2, 3, 4, ...upTo(20).slice(9)])
    })
  )

  it.effect("one who is fenced stops silently and writes nothing more", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      target.mishap = (batch) => {
        if (holds(batch, 5)) target.epoch = 99
        return {}
      }
      const { fiber, id } = yield* start({}, single)
      assert.strictEqual(yield* Fiber.join(fiber), "let-go")
      assert.deepStrictEqual(seqs(target.applied), upTo(4))
      assert.strictEqual((yield* jobs.service.find(id)).status, "running")
      assert.notInclude(jobs.controls.calls, "fail")
    })
  )

  it.effect(
    "a rejected change fails the job after three more tries, named, with the checkpoint before it",
    () =>
      Effect.gen(function* () {
        const { archive, jobs, start, target } = yield* makeWorkbench
        archive.add(steady(20))
        let tries = 0
        target.mishap = (batch) => {
          if (!holds(batch, 7)) return {}
          tries += 1
          return { before: rejected }
        }
        const { fiber, id } = yield* start({}, single)
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), "failed")
        assert.strictEqual(tries, 4)
        const job = yield* jobs.service.find(id)
        assert.deepInclude(job.failure, { code: "rejected", position: "0000000000000700-0000000000" })
        assert.include(job.failure?.message, "23505")
        assert.deepStrictEqual(job.checkpoint?.position, { seq: 6, ordinal: 0 })
        assert.strictEqual(job.counters.processed, 6)
      })
  )

  it.effect(
    "the checkpoint of a rejected batch stands right before the change: its neighbours are booked",
    () =>
      Effect.gen(function* () {
        const { archive, jobs, start, target } = yield* makeWorkbench
        archive.add(steady(20))
        target.mishap = (batch) => {
          if (!holds(batch, 7)) return {}
          // As the applier isolates: what comes before goes through by itself.
          target.ledger = { seq: 6, ordinal: 0 }
          return { before: rejected }
        }
        const { fiber, id } = yield* start()
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), "failed")
        const job = yield* jobs.service.find(id)
        assert.deepStrictEqual(job.checkpoint?.position, { seq: 6, ordinal: 0 })
        assert.strictEqual(job.checkpoint?.outer, "0000000000000600-0000000000")
        assert.strictEqual(job.counters.processed, 6)
      })
  )

  it.effect("a change that is rejected at first and then taken does no harm", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      let tries = 0
      target.mishap = (batch) => (holds(batch, 7) && tries++ < 3 ? { before: rejected } : {})
      const { fiber } = yield* start({}, single)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(20))
    })
  )

  const fatal: ReadonlyArray<readonly [TargetErrorReason, string]> = [
    [{ _tag: "Unfit", table: "shop.orders", detail: "column id is missing" }, "target_unfit"],
    [{ _tag: "SameAsSource", detail: "same system identifier" }, "target_is_source"],
    [{ _tag: "Overlap", from: 3, until: 9 }, "overlap"],
    [{ _tag: "Refused", detail: "password authentication failed" }, "target_refused"]
  ]
  for (const [reason, code] of fatal) {
    it.effect(`${reason._tag} fails the job at once`, () =>
      Effect.gen(function* () {
        const { archive, jobs, start, target } = yield* makeWorkbench
        archive.add(steady(20))
        target.openFails = reason
        const { fiber, id } = yield* start()
        assert.strictEqual(yield* Fiber.join(fiber), "failed")
        assert.strictEqual((yield* jobs.service.find(id)).failure?.code, code)
        assert.strictEqual(target.opened.length, 1)
      })
    )
  }

  it.effect("an archive that does not answer is waited for, and shown", () =>
    Effect.gen(function* () {
      const { archive, start, target } = yield* makeWorkbench
      archive.add(steady(3))
      archive.failures = [unavailable, unavailable, unavailable]
      const { run } = yield* start({ follow: true })
      yield* TestClock.adjust("100 millis")
      assert.include(run.snapshot(0).retrying?.reason, "does not answer")
      yield* TestClock.adjust("10 seconds")
      assert.isNull(run.snapshot(0).retrying)
      assert.deepStrictEqual(seqs(target.applied), upTo(3))
      assert.strictEqual(archive.reads.length, 4)
    })
  )

  it.effect("a hole in the log fails the job with the missing range, what came before applied", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add([1, 2, 3, 6, 7].flatMap((seq) => transaction(seq, at(seq), ["orders"])))
      const { fiber, id } = yield* start()
      assert.strictEqual(yield* Fiber.join(fiber), "failed")
      const { failure } = yield* jobs.service.find(id)
      assert.strictEqual(failure?.code, "history_missing")
      assert.include(failure?.message, "transactions 4 to 5")
      assert.deepStrictEqual(seqs(target.applied), upTo(3))
    })
  )

  it.effect("a window that retention has cut into fails the job", () =>
    Effect.gen(function* () {
      const { archive, jobs, start } = yield* makeWorkbench
      archive.add(steady(20))
      archive.firstSeq = 5
      const { fiber, id } = yield* start({ startTime: at(2) })
      assert.strictEqual(yield* Fiber.join(fiber), "failed")
      assert.strictEqual((yield* jobs.service.find(id)).failure?.code, "history_removed")
    })
  )

  it.effect("a defect fails the job instead of being taken over for ever", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      target.mishap = () => {
        throw new TypeError("a bug in the applier")
      }
      const { fiber, id } = yield* start()
      assert.strictEqual(yield* Fiber.join(fiber), "failed")
      assert.strictEqual((yield* jobs.service.find(id)).failure?.code, "internal")
    })
  )
})
