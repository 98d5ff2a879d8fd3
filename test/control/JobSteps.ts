import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import type { Checkpoint, JobSpec } from "../../src/domain/Job.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { controlLayer, spec } from "./TestControl.ts"

/** The store on a control database of its own. */
export const jobStoreLayer = (name: string) =>
  layerJobStorePg.pipe(Layer.provide(ActorSystem.layer), Layer.provideMerge(controlLayer(name)))

export const checkpoint = (seq: number): Checkpoint => ({
  position: { seq, ordinal: 2 },
  outer: "0000000001000000-0000000002",
  commitTime: 1_700_000_000_000_001,
  hints: { "0": "42" }
})
export const nothing = { processed: 0, duplicate: 0, converged: 0 }

export const queued = Effect.fnUntraced(function* (over: Partial<JobSpec> = {}) {
  const store = yield* JobStore
  const job = yield* store.create({ ...spec, ...over })
  return yield* store.act(job.id, "start")
})

export const acquired = Effect.fnUntraced(function* (worker: string, leaseSeconds = 60) {
  const store = yield* JobStore
  const taken = yield* store.acquire(worker, leaseSeconds)
  return yield* Effect.fromOption(taken)
})

/** Lets the lease of a job run out now. */
export const expire = Effect.fnUntraced(function* (jobId: string) {
  const sql = yield* PgClient.PgClient
  yield* sql`UPDATE jobs SET lease_expires_at = clock_timestamp() - interval '1 second' WHERE id = ${jobId}`
})
