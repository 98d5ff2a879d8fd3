import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Checkpoint, JobSpec } from "../../src/domain/Job.ts"
import { JobStore } from "../../src/replay/JobStore.ts"

const checkpoint: Checkpoint = {
  position: { seq: 1, ordinal: 2 },
  outer: "0000000001000000-0000000002",
  commitTime: 1_700_000_000_000_001,
  hints: {}
}
const nothing = { processed: 0, duplicate: 0, converged: 0 }
const leaseSeconds = 60

/**
 * What every job store does when workers are lost, by name. `lose` lets the job's lease run out; the store has no other
 * job that could be taken.
 */
export const takeoverContract = <R>(
  spec: JobSpec,
  lose: (jobId: string) => Effect.Effect<void, unknown, R>
): ReadonlyArray<readonly [string, Effect.Effect<void, unknown, R | JobStore>]> => {
  const started = Effect.gen(function* () {
    const store = yield* JobStore
    const { id } = yield* store.create(spec)
    yield* store.act(id, "start")
    return id
  })
  const take = Effect.fnUntraced(function* (worker: string) {
    const store = yield* JobStore
    return yield* Effect.flatMap(store.acquire(worker, leaseSeconds), Effect.fromOption)
  })
  const takeAndLose = (worker: string) => Effect.flatMap(take(worker), ({ id }) => lose(id))
  const failsNow = Effect.fnUntraced(function* (jobId: string, lastWorker: string) {
    const store = yield* JobStore
    assert.isTrue(Option.isNone(yield* store.acquire("late", leaseSeconds)))
    const failed = yield* store.find(jobId)
    assert.deepInclude(failed, { status: "failed", lease: null })
    assert.strictEqual(failed.failure?.code, "takeovers")
    assert.include(failed.failure?.message, lastWorker)
  })
  return [
    [
      "the third worker in a row that is lost at work fails the job",
      Effect.gen(function* () {
        const store = yield* JobStore
        const id = yield* started
        yield* takeAndLose("w1")
        yield* takeAndLose("w2")
        const third = yield* take("w3")
        // It lives, and has the job in hand: no reason to count anew.
        yield* store.renew(id, third.leaseEpoch, leaseSeconds, false)
        yield* lose(id)
        yield* failsNow(id, "w3")
      })
    ],
    [
      "lost workers are counted anew from progress on",
      Effect.gen(function* () {
        const store = yield* JobStore
        const id = yield* started
        yield* takeAndLose("w1")
        yield* takeAndLose("w2")
        const third = yield* take("w3")
        yield* store.progress(id, third.leaseEpoch, checkpoint, nothing)
        yield* lose(id)
        yield* takeAndLose("w4")
        yield* takeAndLose("w5")
        yield* failsNow(id, "w5")
      })
    ],
    [
      "workers that are lost at rest never fail the job",
      Effect.gen(function* () {
        const store = yield* JobStore
        const id = yield* started
        for (let life = 1; life <= 5; life++) {
          const { leaseEpoch } = yield* take(`w${life}`)
          assert.strictEqual(leaseEpoch, life)
          yield* store.renew(id, leaseEpoch, leaseSeconds, true)
          yield* lose(id)
        }
        yield* takeAndLose("w6")
        yield* takeAndLose("w7")
        yield* failsNow(id, "w7")
      })
    ]
  ]
}
