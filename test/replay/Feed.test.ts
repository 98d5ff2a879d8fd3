import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { steady } from "./History.ts"
import { makeWorkbench } from "./Workbench.ts"

const seqs = (applied: ReadonlyArray<{ readonly seq: number }>) => applied.map((change) => change.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe("Feed", () => {
  it.effect("reads the live buffer when it can, and pins that", () =>
    Effect.gen(function* () {
      const { archive, buffer, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      buffer.add(steady(20))
      yield* TestClock.adjust("20 seconds")
      const { fiber, id } = yield* start()
      yield* Fiber.join(fiber)
      assert.strictEqual((yield* jobs.service.find(id)).plan?.store, "memory")
      assert.deepStrictEqual([archive.reads.length, buffer.reads.length], [0, 1])
      assert.deepStrictEqual(seqs(target.applied), upTo(20))
    })
  )

  it.effect("goes on from the archive when the live buffer lost the window, and says so", () =>
    Effect.gen(function* () {
      const { archive, buffer, jobs, start, target } = yield* makeWorkbench
      archive.add(steady(20))
      for (const chunk of steady(20)) buffer.add([chunk])
      buffer.breaksAt = { seq: 8, reason: { _tag: "Missing", from: 8, until: 12 } }
      const { fiber, id } = yield* start()
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(seqs(target.applied), upTo(20))
      assert.deepStrictEqual(archive.reads, [{ seq: 8, ordinal: 0 }])
      const { plan } = yield* jobs.service.find(id)
      assert.strictEqual(plan?.store, "sqlite")
      assert.include(plan?.storeReason, "transaction 8")
    })
  )

  it.effect("keeps the hints that came with what is applied, and reads on with them", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start, target } = yield* makeWorkbench
      // Pages of three, as a store gives them: hints come with the last chunk of each.
      for (const [i, chunk] of steady(12).entries()) {
        archive.add([i % 3 === 2 ? { ...chunk, hints: { "0": String(i), "1": "7" } } : chunk])
      }
      archive.breaksAt = { seq: 8, reason: { _tag: "Unavailable", detail: "no answer" } }
      const first = yield* start({ speed: 1 })
      yield* TestClock.adjust("4500 millis")
      assert.deepStrictEqual(archive.hints.slice(0, 2), [{}, { "0": "5", "1": "7" }])
      assert.strictEqual(archive.reads[1]?.seq, 8)
      yield* jobs.service.act(first.id, "pause")
      first.keeper.look()
      yield* Fiber.join(first.fiber)
      const { checkpoint } = yield* jobs.service.find(first.id)
      // Of what was read ahead nothing is said.
      assert.deepStrictEqual(checkpoint?.position, { seq: 5, ordinal: 0 })
      assert.deepStrictEqual(checkpoint?.hints, { "0": "2", "1": "7" })
      archive.breaksAt = null
      yield* jobs.service.act(first.id, "resume")
      yield* jobs.service.update(first.id, { speed: "max" })
      yield* Fiber.join((yield* runNext()).fiber)
      assert.deepStrictEqual(archive.hints.at(-1), { "0": "2", "1": "7" })
      assert.deepStrictEqual((yield* jobs.service.find(first.id)).checkpoint?.hints, { "0": "11", "1": "7" })
      assert.deepStrictEqual(seqs(target.applied), upTo(12))
    })
  )

  it.effect("goes on from the archive whatever the live buffer fails with", () =>
    Effect.gen(function* () {
      const refused = { _tag: "Refused", detail: "wrong user or password", fix: "set REDIS_URL" } as const
      const corrupt = { _tag: "Corrupt", detail: "entry 8" } as const
      const silent = { _tag: "Unavailable", detail: "no answer" } as const
      for (const [reason, strictSource] of [
        [refused, false],
        [refused, true],
        [corrupt, false],
        [corrupt, true],
        [silent, false]
      ] as const) {
        const { archive, buffer, jobs, start, target } = yield* makeWorkbench
        archive.add(steady(20))
        for (const chunk of steady(20)) buffer.add([chunk])
        buffer.breaksAt = { seq: 8, reason }
        const { fiber, id } = yield* start({ strictSource })
        assert.strictEqual(yield* Fiber.join(fiber), strictSource ? "failed" : "completed")
        const { failure, plan } = yield* jobs.service.find(id)
        assert.strictEqual(failure?.code, strictSource ? "source_lost" : undefined)
        assert.strictEqual(plan?.store, strictSource ? "memory" : "sqlite")
        assert.include(strictSource ? failure?.message : plan?.storeReason, reason.detail)
        if (!strictSource) assert.deepStrictEqual(seqs(target.applied), upTo(20))
      }
    })
  )

  it.effect("says so when a resumed job's store is not the one that was pinned", () =>
    Effect.gen(function* () {
      const { archive, jobs, runNext, start } = yield* makeWorkbench
      archive.add(steady(10))
      for (const strictSource of [false, true]) {
        const first = yield* start({ speed: 1, strictSource })
        yield* TestClock.adjust("4500 millis")
        const job = yield* jobs.service.find(first.id)
        assert.isNotNull(job.plan)
        yield* jobs.service.plan(first.id, job.leaseEpoch, {
          ...job.plan,
          store: "redis",
          storeReason: "chosen"
        })
        yield* jobs.service.act(first.id, "pause")
        first.keeper.look()
        yield* Fiber.join(first.fiber)
        yield* jobs.service.act(first.id, "resume")
        yield* jobs.service.update(first.id, { speed: "max" })
        const second = yield* runNext()
        assert.strictEqual(yield* Fiber.join(second.fiber), strictSource ? "failed" : "completed")
        const { plan, failure } = yield* jobs.service.find(first.id)
        assert.strictEqual(plan?.store, strictSource ? "redis" : "sqlite")
        if (strictSource) assert.strictEqual(failure?.code, "source_lost")
        else
          assert.strictEqual(
            plan?.storeReason,
            "archive: the store that was chosen (redis) is not read by this worker"
          )
      }
    })
  )

  it.effect("fails instead when only the pinned source is wanted", () =>
    Effect.gen(function* () {
      const { archive, buffer, jobs, start } = yield* makeWorkbench
      archive.add(steady(20))
      for (const chunk of steady(20)) buffer.add([chunk])
      buffer.breaksAt = { seq: 8, reason: { _tag: "Missing", from: 8, until: 12 } }
      const { fiber, id } = yield* start({ strictSource: true })
      assert.strictEqual(yield* Fiber.join(fiber), "failed")
      assert.strictEqual((yield* jobs.service.find(id)).failure?.code, "source_lost")
    })
  )
})
