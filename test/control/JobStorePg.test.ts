import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Schedule, Schema, Stream } from "effect"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { isRepeatedAction } from "../../src/control/RepeatedAction.ts"
import type { Checkpoint, Job, JobPlan, JobSpec } from "../../src/domain/Job.ts"
import {
  type JobAction,
  type JobEvent,
  type JobStatus,
  jobActions,
  transition
} from "../../src/domain/JobStatus.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { takeoverContract } from "../replay/TakeoverContract.ts"
import { anotherStore, controlLayer, emptyJobs, spec } from "./TestControl.ts"

const checkpoint = (seq: number): Checkpoint => ({
  position: { seq, ordinal: 2 },
  outer: "0000000001000000-0000000002",
  commitTime: 1_700_000_000_000_001,
  hints: { "0": "42" }
})
const nothing = { processed: 0, duplicate: 0, converged: 0 }

const queued = Effect.fnUntraced(function* (over: Partial<JobSpec> = {}) {
  const store = yield* JobStore
  const job = yield* store.create({ ...spec, ...over })
  return yield* store.act(job.id, "start")
})

const acquired = Effect.fnUntraced(function* (worker: string, leaseSeconds = 60) {
  const store = yield* JobStore
  const taken = yield* store.acquire(worker, leaseSeconds)
  return yield* Effect.fromOption(taken)
})

/** Lets the lease of a job run out now. */
const expire = Effect.fnUntraced(function* (jobId: string) {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE jobs SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE id = ${jobId}`
})

layer(layerJobStorePg.pipe(Layer.provide(ActorSystem.layer), Layer.provideMerge(controlLayer("jobs"))), {
  timeout: "60 seconds",
  excludeTestServices: true
})("JobStorePg", (it) => {
  it.effect("keeps what was asked for, to the microsecond and the byte", () =>
    Effect.gen(function* () {
      const store = yield* JobStore
      const asked: JobSpec = {
        ...spec,
        name: "Ünï'code \"; DROP TABLE jobs",
        endTime: 1_700_000_100_999_999,
        startLsn: 0xffff_ffff_0000_0001n,
        endLsn: null,
        speed: 0.1,
        tables: ["public.orders", 'odd "schema".t,x'],
        operations: ["insert", "truncate"],
        dryRun: true,
        dedupe: "off",
        onMismatch: "fail",
        maxGapSeconds: 1.5,
        follow: true,
        strictSource: true
      }
      const job = yield* store.create(asked)
      assert.deepStrictEqual(job.spec, asked)
      assert.deepStrictEqual(yield* store.find(job.id), job)
      assert.deepInclude(job, { status: "pending", plan: null, lease: null, leaseEpoch: 0, version: 1 })
      const empty = yield* store.create({ ...spec, tables: [], operations: [] })
      assert.deepStrictEqual(empty.spec.tables, [])
    })
  )

  it.effect("goes through a whole life", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const { id } = yield* queued()
      const running = yield* acquired("w1")
      assert.strictEqual(running.id, id)
      assert.deepInclude(running, { status: "running", leaseEpoch: 1 })
      assert.isNotNull(running.startedAt)
      const plan: JobPlan = {
        history: "shop@7001/slot/0/10",
        range: { start: 3, end: 9 },
        store: "sqlite",
        storeReason: "the window is old",
        changes: 12
      }
      yield* store.plan(id, 1, plan)
      yield* store.progress(id, 1, checkpoint(5), { processed: 4, duplicate: 1, converged: 2 })
      yield* store.progress(id, 1, checkpoint(8), { processed: 3, duplicate: 0, converged: 0 })
      const renewed = yield* store.renew(id, 1, 600, false)
      assert.isAbove(renewed.lease?.expiresAt ?? 0, running.lease?.expiresAt ?? 0)
      yield* store.complete(id, 1)
      const done = yield* store.find(id)
      assert.deepInclude(done, { status: "completed", lease: null, leaseEpoch: 1 })
      assert.deepStrictEqual(done.counters, { processed: 7, duplicate: 1, converged: 2 })
      assert.deepStrictEqual(done.checkpoint, checkpoint(8))
      assert.deepStrictEqual(done.plan, plan)
      assert.isNotNull(done.completedAt)
    })
  )

  it.effect("a failed job keeps its failure until it is resumed, and goes on from its checkpoint", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const { id } = yield* queued()
      yield* acquired("w1")
      yield* store.progress(id, 1, checkpoint(5), nothing)
      const failure = { code: "rejected", message: "table x", position: "0000000001000000-0000000003" }
      yield* store.fail(id, 1, failure)
      const failed = yield* store.find(id)
      assert.deepInclude(failed, { status: "failed", lease: null })
      assert.deepStrictEqual(failed.failure, failure)
      yield* store.act(id, "resume")
      const again = yield* acquired("w1")
      assert.deepInclude(again, { failure: null, leaseEpoch: 2, completedAt: null })
      assert.deepStrictEqual(again.checkpoint, checkpoint(5))
    })
  )

  it.effect("pause and cancel clear worker and lease; the holder's writes change nothing", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      for (const action of ["pause", "cancel"] as const) {
        const { id } = yield* queued()
        const held = yield* acquired("w1")
        const after = yield* store.act(id, action)
        assert.deepInclude(after, { lease: null, leaseEpoch: held.leaseEpoch })
        const writes = [
          store.progress(id, held.leaseEpoch, checkpoint(7), { ...nothing, processed: 1 }),
          store.complete(id, held.leaseEpoch),
          store.fail(id, held.leaseEpoch, { code: "x", message: "x", position: null }),
          store.release(id, held.leaseEpoch),
          Effect.asVoid(store.renew(id, held.leaseEpoch, 60, false))
        ]
        for (const write of writes) {
          const error = yield* Effect.flip(write)
          assert.strictEqual(error._tag, "LeaseLost")
          assert.include(error, { jobId: id, status: after.status })
        }
        assert.deepStrictEqual(yield* store.find(id), after)
      }
    })
  )

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

  it.effect("tells which jobs change", () =>
    Effect.gen(function* () {
      const store = yield* JobStore
      const job = yield* store.create(spec)
      // The stream is a hint: what happens before it listens is not in it, so the job is touched until it is heard.
      const heard = yield* store.changes.pipe(
        Stream.filter((id) => id === job.id),
        Stream.runHead,
        Effect.forkChild
      )
      yield* store.update(job.id, { name: "again" }).pipe(
        Effect.repeat({
          schedule: Schedule.spaced("20 millis"),
          until: () => heard.pollUnsafe() !== undefined
        })
      )
      assert.deepStrictEqual(yield* Fiber.join(heard), Option.some(job.id))
    })
  )

  it.effect("lists newest first, page after page, by status", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const made = yield* Effect.forEach(Array.from({ length: 7 }), () => store.create(spec))
      const newest = made.map((job) => job.id).reverse()
      const first = yield* store.list({ statuses: null, limit: 3, cursor: null })
      yield* store.create(spec) // a new one does not shift the pages behind
      const second = yield* store.list({ statuses: null, limit: 3, cursor: first.next })
      const third = yield* store.list({ statuses: null, limit: 3, cursor: second.next })
      assert.deepStrictEqual(
        [first, second, third].flatMap((page) => page.items.map((job) => job.id)),
        newest
      )
      assert.isNull(third.next)
      yield* store.act(newest[0] ?? "", "cancel")
      const cancelled = yield* store.list({ statuses: ["cancelled"], limit: 3, cursor: null })
      assert.deepStrictEqual(
        cancelled.items.map((job) => job.id),
        newest.slice(0, 1)
      )
      const foreign = yield* Effect.flip(store.list({ statuses: ["failed"], limit: 3, cursor: first.next }))
      assert.include(foreign, { _tag: "JobStoreError", isRetryable: false })
    })
  )

  it.effect("changes name and speed, and removes what no worker may hold", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const { id } = yield* queued()
      const changed = yield* store.update(id, { name: null, speed: 12.5 })
      assert.deepInclude(changed.spec, { name: null, speed: 12.5 })
      assert.strictEqual((yield* store.update(id, { speed: "max" })).spec.speed, "max")
      const refused = yield* Effect.flip(store.remove(id))
      assert.include(refused, { _tag: "InvalidTransition", from: "queued", action: "delete" })
      yield* store.act(id, "pause")
      yield* store.remove(id)
      for (const missing of [id, "no-id"]) {
        assert.strictEqual((yield* Effect.flip(store.find(missing)))._tag, "JobNotFound")
        assert.strictEqual((yield* Effect.flip(store.act(missing, "start")))._tag, "JobNotFound")
        assert.strictEqual((yield* Effect.flip(store.remove(missing)))._tag, "JobNotFound")
      }
    })
  )

  const events: ReadonlyArray<JobEvent> = ["acquire", "complete", "fail", "release"]
  const Step = Schema.Literals([...jobActions, ...events])

  it.effect.prop(
    "follows the transition table whatever is done to it",
    [Schema.Array(Step).check(Schema.isMaxLength(12))],
    ([steps]) =>
      Effect.gen(function* () {
        yield* emptyJobs
        const store = yield* JobStore
        let job: Job = yield* store.create(spec)
        let status: JobStatus = job.status
        let epoch = 0
        const isAction = (step: JobAction | JobEvent): step is JobAction =>
          jobActions.some((action) => action === step)
        for (const step of steps) {
          const next = transition(status, step)
          if (isAction(step)) {
            const result = yield* Effect.result(store.act(job.id, step))
            assert.strictEqual(
              result._tag,
              next !== undefined || isRepeatedAction(step, status) ? "Success" : "Failure",
              `${step} of ${status}`
            )
            status = next ?? status
          } else if (step === "acquire") {
            const taken = yield* store.acquire("w", 60)
            // A live worker's job is not taken from it, though the table would allow it.
            assert.strictEqual(Option.isSome(taken), status === "queued")
            if (Option.isSome(taken)) {
              epoch += 1
              status = "running"
              assert.strictEqual(taken.value.leaseEpoch, epoch)
            }
          } else {
            const write =
              step === "fail"
                ? store.fail(job.id, epoch, { code: "c", message: "m", position: null })
                : store[step](job.id, epoch)
            const result = yield* Effect.result(write)
            assert.strictEqual(
              result._tag,
              next !== undefined ? "Success" : "Failure",
              `${step} of ${status}`
            )
            status = next ?? status
          }
          job = yield* store.find(job.id)
          assert.deepInclude(job, { status, leaseEpoch: epoch })
          assert.strictEqual(job.lease !== null, status === "running")
        }
      }),
    { arbitrary: { runs: 40 } }
  )
})
