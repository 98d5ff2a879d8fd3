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
import { FakeTarget } from "./FakeTarget.ts"
import { transaction } from "./History.ts"
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
        yield* archive.beginIncarnation({
          number: 1,
          systemIdentifier: "1",
          timeline: 1,
          database: "shop",
          slot: "walstream",
          firstSeq: 1,
          startLsn: 1n,
          gap: null
        })
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
})
