import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { runJob } from "../../src/replay/JobRunner.ts"
import { LeaseKeeper } from "../../src/replay/LeaseKeeper.ts"
import { monotonicMillis } from "../../src/replay/ReplayClock.ts"
import { Run } from "../../src/replay/Run.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { life } from "./FakeLog.ts"
import { FakeTarget } from "./FakeTarget.ts"
import { at, transaction } from "./History.ts"
import { makeMemoryJobStore } from "./MemoryJobStore.ts"
import { spec } from "./Workbench.ts"

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-replay-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

describe("on the embedded stores", () => {
  it.live("begins in the live buffer, and goes on from the archive when that has moved on", () =>
    Effect.gen(function* () {
      const target = new FakeTarget()
      const jobs = yield* makeMemoryJobStore
      const file = join(yield* temporaryDirectory, "log.db")
      const stores = Layer.mergeAll(
        SqliteArchive.layer({ file, source: "shop" }).pipe(Layer.provide(ActorSystem.layer)),
        LiveBufferMemory.layer({ maxChanges: 20_000, maxBytes: 1e9 })
      )
      yield* Effect.gen(function* () {
        const archive = yield* Archive
        const buffer = yield* LiveBuffer
        const now = (yield* Effect.clockWith((clock) => clock.currentTimeMillis)) * 1000
        const append = Effect.fnUntraced(function* (from: number, until: number) {
          for (let seq = from; seq < until; seq += 100) {
            const page = Array.from({ length: 100 }, (_, i) =>
              transaction(seq + i, now + (seq + i) * 1000, ["orders", "stock"])
            ).flat()
            yield* archive.append(page)
            yield* buffer.append(page)
          }
        })
        yield* archive.beginIncarnation(life)
        yield* append(1, 4901)
        const { id } = yield* jobs.service.create(spec())
        yield* jobs.service.act(id, "start")
        const job = yield* Effect.flatMap(jobs.service.acquire("worker", 300), Effect.fromOption)
        const run = new Run(job)
        // The source goes on while the target has its first batch: the buffer drops the window.
        let isFirst = true
        const paused = Effect.suspend(() => {
          if (!isFirst) return Effect.void
          isFirst = false
          return Effect.orDie(append(4901, 24_901))
        })
        target.meanwhile = paused
        const keeper = new LeaseKeeper(run, 300, yield* monotonicMillis)
        const end = yield* runJob(run, keeper, {
          source: "shop",
          maxEventRetries: 3,
          bufferMaxAgeSeconds: 3600
        })
        assert.strictEqual(end, "completed")
        const { counters, plan } = yield* jobs.service.find(id)
        assert.strictEqual(plan?.store, "sqlite")
        assert.include(plan?.storeReason, "the live buffer (memory) lost the window")
        assert.strictEqual(counters.processed, 9800)
        assert.deepStrictEqual(
          target.applied.map(({ seq, ordinal }) => seq * 2 + ordinal),
          Array.from({ length: 9800 }, (_, i) => i + 2)
        )
      }).pipe(Effect.provide(Layer.mergeAll(stores, jobs.layer, target.layer)))
    }).pipe(Effect.scoped)
  )

  it.live("adjacent windows tile, though the source's clock is set back between them", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "log.db")
      const stores = Layer.mergeAll(
        SqliteArchive.layer({ file, source: "shop" }).pipe(Layer.provide(ActorSystem.layer)),
        LiveBufferMemory.layer({ maxChanges: 1000, maxBytes: 1e6 })
      )
      const jobs = yield* makeMemoryJobStore
      /** Seqs that the window gives, by a job of its own. */
      const replay = Effect.fnUntraced(function* (from: number, to: number) {
        const target = new FakeTarget()
        const { id } = yield* jobs.service.create(spec({ startTime: at(from), endTime: at(to) }))
        yield* jobs.service.act(id, "start")
        const run = new Run(yield* Effect.flatMap(jobs.service.acquire("worker", 300), Effect.fromOption))
        const keeper = new LeaseKeeper(run, 300, yield* monotonicMillis)
        const options = { source: "shop", maxEventRetries: 3, bufferMaxAgeSeconds: 3600 }
        const end = yield* runJob(run, keeper, options).pipe(
          Effect.provide(Layer.mergeAll(jobs.layer, target.layer))
        )
        assert.strictEqual(end, "completed")
        return target.applied.map(({ seq }) => seq)
      })
      const append = (seq: number, time: number) =>
        Archive.use((archive) => archive.append(transaction(seq, at(time), ["orders"])))
      const mark = (seq: number, time: number) =>
        Archive.use((archive) =>
          archive.writeMark({
            seq,
            commitLsn: BigInt(seq) * 256n,
            endLsn: BigInt(seq) * 256n + 48n,
            partitions: 1,
            coverageTime: at(time),
            incarnation: 1
          })
        )
      yield* Effect.gen(function* () {
        yield* Archive.use((archive) => archive.beginIncarnation(life))
        yield* append(1, 101)
        yield* append(2, 108)
        // Nothing happens at the source, and its clock goes on.
        yield* mark(2, 110)
        assert.deepStrictEqual(yield* replay(100, 110), [1, 2])
        // Set back by a minute, it comes from behind the end of the window that is done.
        yield* append(3, 51)
        yield* append(4, 109)
      }).pipe(Effect.provide(stores, { local: true }))
      yield* Effect.gen(function* () {
        yield* append(5, 60)
        yield* append(6, 121)
        assert.deepStrictEqual(yield* replay(110, 120), [3, 4, 5])
        yield* mark(6, 130)
        assert.deepStrictEqual(yield* replay(120, 130), [6])
        assert.deepStrictEqual(yield* replay(100, 110), [1, 2])
      }).pipe(Effect.provide(stores, { local: true }))
    }).pipe(Effect.scoped)
  )
})
