import { Clock, Effect, Layer, Option, PubSub, Stream } from "effect"
import type { Job, JobPlan, Lease } from "../../src/domain/Job.ts"
import { allowedActions, isActive, isFinal, type JobEvent, transition } from "../../src/domain/JobStatus.ts"
import {
  InvalidTransition,
  JobNotFound,
  JobStore,
  type JobStoreError,
  LeaseLost,
  SkipRefused
} from "../../src/replay/JobStore.ts"

/** Test controls: what the port does not offer. */
export interface MemoryJobStoreControls {
  /** While set, every call fails with it. */
  down: JobStoreError | null
  /** While false, changes are not announced: hints may be lost. */
  announces: boolean
  /** The next call of `progress` waits for this before it looks at the job. */
  holdsProgress: Effect.Effect<void> | null
  /** The names of the calls made. */
  readonly calls: Array<string>
  /** Workers whose session lock is gone. */
  readonly gone: Set<string>
}

interface Row {
  job: Job
  /** Takeovers in a row, neither with progress nor at rest. */
  takeovers: number
}

/** The job store's contract in memory, driven by the Clock. */
export const makeMemoryJobStore = Effect.gen(function* () {
  const hints = yield* PubSub.unbounded<string>()
  const rows = new Map<string, Row>()
  const deleted = new Set<string>()
  const controls: MemoryJobStoreControls = {
    down: null,
    announces: true,
    holdsProgress: null,
    calls: [],
    gone: new Set()
  }
  let nextId = 1

  const call = <A, E>(name: string, body: (now: number) => Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      controls.calls.push(name)
      if (controls.down !== null) return yield* controls.down
      return yield* body((yield* Clock.currentTimeMillis) * 1000)
    })
  const put = (row: Row, change: Partial<Job>): Effect.Effect<Job> => {
    row.job = { ...row.job, ...change, version: row.job.version + 1 }
    const { job } = row
    return Effect.as(controls.announces ? PubSub.publish(hints, job.id) : Effect.void, job)
  }
  const rowOf = (jobId: string) => {
    const row = rows.get(jobId)
    return row === undefined ? Effect.fail(new JobNotFound({ jobId })) : Effect.succeed(row)
  }
  const held = (jobId: string, epoch: number) => {
    const row = rows.get(jobId)
    if (row === undefined) return Effect.fail(new LeaseLost({ jobId, status: null }))
    const { status, leaseEpoch, lease } = row.job
    const isMine = status === "running" && leaseEpoch === epoch && lease !== null
    return isMine ? Effect.succeed(row) : Effect.fail(new LeaseLost({ jobId, status }))
  }
  const move = (row: Row, by: JobEvent, change: Partial<Job>) => {
    const status = transition(row.job.status, by)
    return status === undefined ? Effect.die(`${row.job.status} by ${by}`) : put(row, { ...change, status })
  }
  const leaseFor = (worker: string, epoch: number, now: number, seconds: number): Lease => ({
    worker,
    epoch,
    expiresAt: now + seconds * 1_000_000
  })

  const service = JobStore.of({
    create: (spec) =>
      call("create", (now) => {
        const job: Job = {
          id: `job-${nextId++}`,
          spec,
          status: "pending",
          plan: null,
          checkpoint: null,
          counters: { processed: 0, duplicate: 0, converged: 0 },
          failure: null,
          skips: [],
          lease: null,
          leaseEpoch: 0,
          createdAt: now,
          startedAt: null,
          completedAt: null,
          version: 1
        }
        rows.set(job.id, { job, takeovers: 0 })
        return Effect.succeed(job)
      }),
    find: (jobId) => call("find", () => Effect.map(rowOf(jobId), (row) => row.job)),
    hold: (jobId) => call("hold", () => Effect.map(rowOf(jobId), (row) => row.job)),
    list: ({ statuses, createdAfter, oldestFirst, limit }) =>
      call("list", () => {
        const all = [...rows.values()].map((row) => row.job)
        const ordered = oldestFirst ? all : all.reverse()
        const wanted = ordered.filter(
          (job) =>
            (statuses === null || statuses.includes(job.status)) &&
            (createdAfter === null || job.createdAt > createdAfter)
        )
        return Effect.succeed({ items: wanted.slice(0, limit), next: null })
      }),
    act: (jobId, action) =>
      call("act", (now) =>
        Effect.gen(function* () {
          const row = yield* rowOf(jobId)
          const from = row.job.status
          const to = transition(from, action)
          const isRepeat =
            (action === "pause" && from === "paused") || (action === "cancel" && from === "cancelled")
          if (isRepeat) return row.job
          if (to === undefined) {
            return yield* new InvalidTransition({ jobId, from, action, allowed: [...allowedActions(from)] })
          }
          row.takeovers = 0
          const completedAt = to === "cancelled" ? now : row.job.completedAt
          return yield* put(row, { status: to, lease: null, failure: null, completedAt })
        })
      ),
    update: (jobId, change) =>
      call("update", () =>
        Effect.flatMap(rowOf(jobId), (row) => put(row, { spec: { ...row.job.spec, ...change } }))
      ),
    skip: (jobId, { position, reason, by }) =>
      call("skip", (now) =>
        Effect.gen(function* () {
          const row = yield* rowOf(jobId)
          const { skips, status, failure } = row.job
          if (skips.some((skip) => skip.position === position)) return row.job
          if (status !== "failed") {
            return yield* new InvalidTransition({ jobId, from: status, action: "skip", allowed: [] })
          }
          const failedAt = failure?.position ?? null
          if (failedAt !== position) return yield* new SkipRefused({ jobId, position, failedAt })
          return yield* put(row, { skips: [...skips, { position, reason, by, at: now }] })
        })
      ),
    remove: (jobId) =>
      call("remove", () =>
        Effect.gen(function* () {
          const { status } = (yield* rowOf(jobId)).job
          if (isActive(status)) {
            return yield* new InvalidTransition({ jobId, from: status, action: "delete", allowed: [] })
          }
          rows.delete(jobId)
          deleted.add(jobId)
        })
      ),
    finished: (jobIds) =>
      call("finished", () =>
        Effect.succeed(
          jobIds.filter((id) => {
            const row = rows.get(id)
            return row === undefined ? deleted.has(id) : isFinal(row.job.status)
          })
        )
      ),
    dropDeleted: () => call("dropDeleted", () => Effect.sync(() => deleted.clear())),
    acquire: (worker, leaseSeconds) =>
      call("acquire", (now) =>
        Effect.gen(function* () {
          for (const row of rows.values()) {
            const { status, lease, leaseEpoch } = row.job
            const isTakeover =
              status === "running" &&
              lease !== null &&
              (lease.expiresAt <= now || controls.gone.has(lease.worker))
            if (status !== "queued" && !isTakeover) continue
            if (isTakeover) row.takeovers += 1
            if (row.takeovers >= 3) {
              const failure = {
                code: "takeovers",
                message: `its worker was lost 3 times in a row without progress, at last ${lease?.worker}`,
                position: null
              }
              yield* move(row, "fail", { lease: null, failure, completedAt: now })
              continue
            }
            const epoch = leaseEpoch + 1
            const taken = yield* move(row, "acquire", {
              lease: leaseFor(worker, epoch, now, leaseSeconds),
              leaseEpoch: epoch,
              startedAt: row.job.startedAt ?? now
            })
            return Option.some(taken)
          }
          return Option.none<Job>()
        })
      ),
    renew: (jobId, epoch, leaseSeconds, atRest) =>
      call("renew", (now) =>
        Effect.map(held(jobId, epoch), (row) => {
          // No announcement: a renewal changes nothing that others look at.
          const worker = row.job.lease?.worker ?? ""
          if (atRest) row.takeovers = 0
          row.job = { ...row.job, lease: leaseFor(worker, epoch, now, leaseSeconds) }
          return row.job
        })
      ),
    plan: (jobId, epoch, plan: JobPlan) =>
      call("plan", () => Effect.asVoid(Effect.flatMap(held(jobId, epoch), (row) => put(row, { plan })))),
    progress: (jobId, epoch, checkpoint, added) =>
      call("progress", () =>
        Effect.gen(function* () {
          const hold = controls.holdsProgress ?? Effect.void
          controls.holdsProgress = null
          yield* hold
          const row = yield* held(jobId, epoch)
          row.takeovers = 0
          const { processed, duplicate, converged } = row.job.counters
          yield* put(row, {
            checkpoint,
            counters: {
              processed: processed + added.processed,
              duplicate: duplicate + added.duplicate,
              converged: converged + added.converged
            }
          })
        })
      ),
    complete: (jobId, epoch) =>
      call("complete", (now) =>
        Effect.asVoid(
          Effect.flatMap(held(jobId, epoch), (row) =>
            move(row, "complete", { lease: null, completedAt: now })
          )
        )
      ),
    fail: (jobId, epoch, failure) =>
      call("fail", (now) =>
        Effect.asVoid(
          Effect.flatMap(held(jobId, epoch), (row) =>
            move(row, "fail", { lease: null, failure, completedAt: now })
          )
        )
      ),
    release: (jobId, epoch) =>
      call("release", () =>
        Effect.asVoid(Effect.flatMap(held(jobId, epoch), (row) => move(row, "release", { lease: null })))
      ),
    changes: Stream.fromPubSub(hints)
  })
  return { service, controls, layer: Layer.succeed(JobStore, service) }
})
