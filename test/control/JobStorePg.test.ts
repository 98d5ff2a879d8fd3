import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Option, Schedule, Schema, Stream } from "effect"
import { JobFailures } from "../../src/control/JobFailures.ts"
import { isRepeatedAction } from "../../src/control/RepeatedAction.ts"
import type { Job, JobPlan, JobSpec } from "../../src/domain/Job.ts"
import {
  type JobAction,
  type JobEvent,
  type JobStatus,
  jobActions,
  transition
} from "../../src/domain/JobStatus.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { acquired, checkpoint, jobStoreLayer, nothing, queued } from "./JobSteps.ts"
import { emptyJobs, spec } from "./TestControl.ts"

const all = { statuses: null, createdAfter: null, oldestFirst: false }
layer(jobStoreLayer("jobs"), { timeout: "60 seconds", excludeTestServices: true })("JobStorePg", (it) => {
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

  it.effect("a failed job is told to pass over the change that it failed at, and no other", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const failures = yield* JobFailures
      const position = "0000000001000000-0000000003"
      const skip = { position, reason: 'it\'s "odd"', by: "ada" }
      const { id } = yield* queued()
      const early = yield* Effect.flip(store.skip(id, skip))
      assert.deepInclude(early, { _tag: "InvalidTransition", from: "queued", action: "skip" })
      yield* acquired("w1")
      yield* store.fail(id, 1, { code: "rejected", message: "table x", position })
      const other = yield* Effect.flip(store.skip(id, { ...skip, position: "0000000001000000-0000000004" }))
      assert.deepInclude(other, { _tag: "SkipRefused", failedAt: position })
      const told = yield* store.skip(id, skip)
      assert.lengthOf(told.skips, 1)
      assert.deepInclude(told.skips[0], skip)
      assert.closeTo(told.skips[0]?.at ?? 0, told.completedAt ?? 0, 60_000_000)
      // The same again changes nothing, and another reason does not replace the first.
      assert.deepStrictEqual(yield* store.skip(id, { ...skip, reason: "again" }), told)
      yield* store.act(id, "resume")
      assert.deepStrictEqual(yield* store.skip(id, skip), yield* store.find(id))
      const again = yield* acquired("w1")
      assert.deepStrictEqual(again.skips, told.skips)
      yield* store.fail(id, 2, { code: "overlap", message: "others", position: null })
      const next = yield* Effect.flip(store.skip(id, { ...skip, position: "0000000001000000-0000000009" }))
      assert.deepInclude(next, { _tag: "SkipRefused", failedAt: null })

      const noted = yield* failures.of(id, { limit: 10, before: null })
      assert.deepStrictEqual(
        noted.map(({ leaseEpoch, code, position: at }) => [leaseEpoch, code, at]),
        [
          [2, "overlap", null],
          [1, "rejected", position]
        ]
      )
      const older = yield* failures.of(id, { limit: 10, before: noted[0]?.id ?? "" })
      assert.deepStrictEqual(older, noted.slice(1))
      yield* store.remove(id)
      assert.deepStrictEqual(yield* failures.of(id, { limit: 10, before: null }), [])
    }).pipe(Effect.provide(JobFailures.layer))
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
      const first = yield* store.list({ ...all, statuses: null, limit: 3, cursor: null })
      yield* store.create(spec) // a new one does not shift the pages behind
      const second = yield* store.list({ ...all, statuses: null, limit: 3, cursor: first.next })
      const third = yield* store.list({ ...all, statuses: null, limit: 3, cursor: second.next })
      assert.deepStrictEqual(
        [first, second, third].flatMap((page) => page.items.map((job) => job.id)),
        newest
      )
      assert.isNull(third.next)
      yield* store.act(newest[0] ?? "", "cancel")
      const cancelled = yield* store.list({ ...all, statuses: ["cancelled"], limit: 3, cursor: null })
      assert.deepStrictEqual(
        cancelled.items.map((job) => job.id),
        newest.slice(0, 1)
      )
      const foreign = yield* Effect.flip(
        store.list({ ...all, statuses: ["failed"], limit: 3, cursor: first.next })
      )
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

  it.effect("tells which jobs never go on: completed, cancelled and deleted ones, and no strangers", () =>
    Effect.gen(function* () {
      yield* emptyJobs
      const store = yield* JobStore
      const [completed, failed, deleted] = [
        yield* queued({ name: "completed" }),
        yield* queued({ name: "failed" }),
        yield* queued({ name: "deleted" })
      ]
      for (const { id } of [completed, failed, deleted]) {
        const { leaseEpoch } = yield* acquired("w1")
        if (id === completed.id) yield* store.complete(id, leaseEpoch)
        else yield* store.fail(id, leaseEpoch, { code: "x", message: "x", position: null })
      }
      const running = yield* queued({ name: "running" })
      yield* acquired("w1")
      const paused = yield* queued({ name: "paused" })
      yield* store.act(paused.id, "pause")
      const cancelled = yield* queued({ name: "cancelled" })
      yield* store.act(cancelled.id, "cancel")
      yield* store.remove(deleted.id)
      const stranger = "00000000-0000-4000-8000-000000000001"
      const ids = [completed, failed, deleted, running, paused, cancelled].map(({ id }) => id)
      const asked = [...ids, stranger, "events", "O'Brien"]
      const finished = yield* store.finished(asked)
      assert.sameMembers([...finished], [completed.id, deleted.id, cancelled.id])

      yield* store.dropDeleted(30)
      assert.include(yield* store.finished(asked), deleted.id)
      yield* store.dropDeleted(0)
      assert.notInclude(yield* store.finished(asked), deleted.id)
      assert.deepStrictEqual(yield* store.finished([]), [])
    })
  )

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
