import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option, Schedule } from "effect"
import { JobStore } from "../../src/replay/JobStore.ts"
import { takeoverContract } from "../replay/TakeoverContract.ts"
import { acquired, checkpoint, expire, jobStoreLayer, nothing, queued } from "./JobSteps.ts"
import { anotherStore, emptyJobs, spec } from "./TestControl.ts"

layer(jobStoreLayer("leases"), { timeout: "60 seconds", excludeTestServices: true })(
  "leases of jobs",
  (it) => {
    it.effect("a stale epoch writes nothing, after a takeover of an expired lease", () =>
      Effect.gen(function* () {
        yield* emptyJobs
        const store = yield* JobStore
        const { id } = yield* queued()
        yield* acquired("w1")
        assert.isTrue(Option.isNone(yield* store.acquire("w2", 60)))
        yield* expire(id)
        const second = yield* acquired("w2")
        assert.deepInclude(second.lease, { worker: "w2", epoch: 2 })
        const error = yield* Effect.flip(store.progress(id, 1, checkpoint(9), nothing))
        assert.strictEqual(error._tag, "LeaseLost")
        yield* store.progress(id, 2, checkpoint(4), nothing)
        assert.deepStrictEqual((yield* store.find(id)).checkpoint, checkpoint(4))
        yield* store.act(id, "cancel")
        yield* store.remove(id)
        const gone = yield* Effect.flip(store.complete(id, 2))
        assert.include(gone, { _tag: "LeaseLost", status: null })
      })
    )

    it.effect("an orderly release gives it back at once", () =>
      Effect.gen(function* () {
        yield* emptyJobs
        const store = yield* JobStore
        const { id } = yield* queued()
        yield* acquired("w1")
        yield* store.release(id, 1)
        assert.deepInclude(yield* store.find(id), { status: "queued", lease: null })
        assert.strictEqual((yield* acquired("w2")).leaseEpoch, 2)
      })
    )

    it.effect("racing workers never share a job, and each job is taken once", () =>
      Effect.gen(function* () {
        yield* emptyJobs
        const store = yield* JobStore
        const jobs = yield* Effect.forEach(Array.from({ length: 20 }), () => queued())
        const taken = yield* Effect.forEach(
          Array.from({ length: 30 }, (_, i) => `w${i}`),
          (worker) => store.acquire(worker, 60),
          { concurrency: 8 }
        )
        const ids = taken.flatMap(Option.toArray).map((job) => job.id)
        assert.strictEqual(new Set(ids).size, ids.length)
        // SKIP LOCKED may leave a job to the next poll; it is never lost.
        const rest = yield* Effect.forEach(
          Array.from({ length: 20 - ids.length }, (_, i) => `late${i}`),
          (worker) => acquired(worker)
        )
        assert.sameMembers(
          [...ids, ...rest.map((job) => job.id)],
          jobs.map((job) => job.id)
        )
      })
    )

    for (const [name, test] of takeoverContract(spec, expire)) {
      it.effect(name, () => Effect.andThen(emptyJobs, test))
    }

    it.effect("a job is free at once when the session of its worker's process is gone", () =>
      Effect.gen(function* () {
        yield* emptyJobs
        const store = yield* JobStore
        const { id } = yield* queued()
        yield* Effect.gen(function* () {
          const other = Context.get(yield* Layer.build(anotherStore), JobStore)
          const job = yield* Effect.fromOption(yield* other.acquire("other", 300))
          assert.strictEqual(job.id, id)
          assert.isTrue(Option.isNone(yield* store.acquire("mine", 300)))
        }).pipe(Effect.scoped)
        const taken = yield* acquired("mine").pipe(
          Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 200 })
        )
        assert.deepInclude(taken.lease, { worker: "mine", epoch: 2 })
      })
    )

    it.effect("a lost session is made again under the same lock", () =>
      Effect.gen(function* () {
        yield* emptyJobs
        const sql = yield* PgClient.PgClient
        const store = yield* JobStore
        const holders = sql<{ readonly pid: number; readonly key: string }>`
        SELECT l.pid, l.classid || ':' || l.objid AS key FROM pg_locks l WHERE l.locktype = 'advisory'`
        yield* queued()
        yield* acquired("w1")
        const [before] = yield* holders
        assert.isDefined(before)
        yield* sql`SELECT pg_terminate_backend(${before.pid}) AS done`
        const after = yield* holders.pipe(
          Effect.flatMap(([row]) =>
            row === undefined || row.pid === before.pid ? Effect.fail("not yet") : Effect.succeed(row)
          ),
          Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 200 })
        )
        assert.strictEqual(after.key, before.key)
        assert.isTrue(Option.isNone(yield* store.acquire("w2", 60)))
      })
    )
  }
)
