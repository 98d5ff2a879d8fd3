import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { LiveJson } from "../../src/control/api/LiveJson.ts"
import { JobRuns } from "../../src/control/JobRuns.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { controlLayer, emptyJobs, spec } from "./TestControl.ts"

const live: LiveJson = {
  phase: "retrying",
  replay_clock: null,
  effective_speed: 9.8,
  pacing_error_ms: { p50: 0.1, p99: 1.2 },
  lag_seconds: null,
  retrying: { reason: "target default does not answer", since: "2026-01-02T03:04:05.000000Z", attempt: 3 },
  apply: { mode: "replica", order: "net_effect", reason: null },
  batch: null
}

const TestLayer = Layer.mergeAll(layerJobStorePg, JobRuns.layer).pipe(
  Layer.provideMerge(ActorSystem.layer),
  Layer.provideMerge(controlLayer("runs")),
  Layer.orDie
)

layer(TestLayer, { timeout: "60 seconds", excludeTestServices: true })("JobRuns", (it) => {
  const running = Effect.gen(function* () {
    yield* emptyJobs
    const store = yield* JobStore
    const { id } = yield* store.create(spec)
    yield* store.act(id, "start")
    return yield* Effect.flatMap(store.acquire("worker", 60), Effect.fromOption)
  })

  it.effect("tells what the holder of the lease told, and nothing changes in the job", () =>
    Effect.gen(function* () {
      const runs = yield* JobRuns
      const store = yield* JobStore
      const job = yield* running
      assert.strictEqual((yield* runs.of([job])).size, 0)
      yield* runs.tell([{ jobId: job.id, epoch: 1, live }])
      yield* runs.tell([{ jobId: job.id, epoch: 1, live: { ...live, effective_speed: 10 } }])
      assert.deepStrictEqual([...(yield* runs.of([job]))], [[job.id, { ...live, effective_speed: 10 }]])
      assert.strictEqual((yield* store.find(job.id)).version, job.version)
    })
  )

  it.effect("believes nobody else, nothing old, and nothing once the job does not run", () =>
    Effect.gen(function* () {
      const runs = yield* JobRuns
      const store = yield* JobStore
      const sql = yield* PgClient.PgClient
      const job = yield* running
      yield* runs.tell([{ jobId: job.id, epoch: 0, live }])
      assert.strictEqual((yield* runs.of([job])).size, 0)
      yield* runs.tell([{ jobId: job.id, epoch: 1, live }])
      assert.strictEqual((yield* runs.of([{ ...job, leaseEpoch: 2 }])).size, 0)
      const paused = yield* store.act(job.id, "pause")
      assert.strictEqual((yield* runs.of([paused])).size, 0)
      assert.strictEqual((yield* runs.of([job])).size, 1)
      yield* sql`UPDATE job_runs SET told_at = told_at - interval '11 seconds'`
      assert.strictEqual((yield* runs.of([job])).size, 0)
      yield* sql`UPDATE job_runs SET told_at = clock_timestamp(), live = '{"phase": "dreaming"}'`
      assert.strictEqual((yield* runs.of([job])).size, 0)
      yield* store.act(job.id, "cancel")
      yield* store.remove(job.id)
      assert.strictEqual((yield* sql`SELECT FROM job_runs`).length, 0)
    })
  )
})
