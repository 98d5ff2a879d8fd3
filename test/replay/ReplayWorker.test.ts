import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { JobStoreError } from "../../src/replay/JobStore.ts"
import { ReplayWorker } from "../../src/replay/ReplayWorker.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { steady } from "./History.ts"
import { makeWorkbench, spec } from "./Workbench.ts"

/** A worker with its actor system, and a scope of its own that ends both. */
const startWorker = (bench: Effect.Success<typeof makeWorkbench>, count = 2) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const layer = ReplayWorker.layer({
      workerId: "worker-1",
      count,
      leaseSeconds: 300,
      maxEventRetries: 3,
      source: "shop",
      bufferMaxAgeSeconds: 3600
    }).pipe(Layer.provideMerge(ActorSystem.layer), Layer.provide(bench.services))
    const context = yield* Layer.buildWithScope(layer, scope)
    const worker = yield* Effect.provide(ReplayWorker, context)
    const system = yield* Effect.provide(ActorSystem, context)
    return { worker, system, stop: Scope.close(scope, Exit.void) }
  })

const queue = (bench: Effect.Success<typeof makeWorkbench>, change = {}) =>
  Effect.gen(function* () {
    const job = yield* bench.jobs.service.create(spec(change))
    yield* bench.jobs.service.act(job.id, "start")
    return job.id
  })

describe("ReplayWorker", () => {
  it.effect("runs a job as soon as it is queued", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      const { stop } = yield* startWorker(bench)
      yield* TestClock.adjust("10 millis")
      const id = yield* queue(bench)
      yield* TestClock.adjust("10 millis")
      assert.strictEqual((yield* bench.jobs.service.find(id)).status, "completed")
      yield* stop
    })
  )

  it.effect("finds queued jobs within a second without hints", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      bench.jobs.controls.announces = false
      const { stop } = yield* startWorker(bench)
      yield* TestClock.adjust("10 millis")
      const id = yield* queue(bench)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* bench.jobs.service.find(id)).status, "completed")
      yield* stop
    })
  )

  it.effect("runs as many at once as it has slots, and the next when one is free", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(3))
      // One target each would be many; here they would fence each other, so nothing is applied while we look.
      bench.target.openFails = { _tag: "Unavailable", detail: "not yet" }
      const { stop, worker } = yield* startWorker(bench)
      const ids = [yield* queue(bench), yield* queue(bench), yield* queue(bench)]
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(
        (yield* worker.runs).map((run) => [run.jobId, run.phase]),
        ids.slice(0, 2).map((id) => [id, "retrying"])
      )
      yield* bench.jobs.service.act(ids[0] ?? "", "cancel")
      yield* TestClock.adjust("300 millis")
      assert.deepStrictEqual(
        (yield* worker.runs).map((run) => run.jobId),
        ids.slice(1)
      )
      yield* stop
    })
  )

  it.effect("passes hints on: pause reaches a running job at once", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      const { stop, worker } = yield* startWorker(bench)
      const id = yield* queue(bench, { speed: 0.1 })
      yield* TestClock.adjust("5500 millis")
      assert.strictEqual((yield* worker.runs).length, 1)
      yield* bench.jobs.service.act(id, "pause")
      yield* TestClock.adjust("1 milli")
      assert.deepStrictEqual(yield* worker.runs, [])
      yield* stop
    })
  )

  it.effect("gives jobs back when it stops, and takes no more", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      const { stop } = yield* startWorker(bench)
      const id = yield* queue(bench, { speed: 0.1 })
      yield* TestClock.adjust("15 seconds")
      yield* stop
      const job = yield* bench.jobs.service.find(id)
      assert.strictEqual(job.status, "queued")
      assert.deepStrictEqual(job.checkpoint?.position, { seq: 2, ordinal: 0 })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* bench.jobs.service.find(id)).leaseEpoch, 1)
    })
  )

  it.effect("is not kept busy by the hints of its own progress", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(2000, 0.005))
      const { stop } = yield* startWorker(bench)
      yield* queue(bench, { speed: 1 })
      yield* TestClock.adjust("10 seconds")
      const count = (name: string) => bench.jobs.controls.calls.filter((call) => call === name).length
      assert.isAtMost(count("progress"), 11)
      assert.isAtMost(count("find"), 30)
      yield* stop
    })
  )

  it.effect("outlives a job store that is away", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      const { stop } = yield* startWorker(bench)
      const id = yield* queue(bench, { startTime: null })
      bench.jobs.controls.down = new JobStoreError({ detail: "connection refused", isRetryable: true })
      yield* TestClock.adjust("30 seconds")
      bench.jobs.controls.down = null
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* bench.jobs.service.find(id)).status, "completed")
      yield* stop
    })
  )

  it.effect("shows each job as an actor, gone when it has ended", () =>
    Effect.gen(function* () {
      const bench = yield* makeWorkbench
      bench.archive.add(steady(10))
      const { stop, system } = yield* startWorker(bench)
      const id = yield* queue(bench, { speed: 1 })
      yield* TestClock.adjust("3 seconds")
      assert.include(JSON.stringify(yield* system.tree), `/replay/jobs/${id}-1`)
      yield* TestClock.adjust("30 seconds")
      assert.notInclude(JSON.stringify((yield* system.tree).children), `"name":"${id}-1"`)
      yield* stop
    })
  )
})
