import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { makeBench } from "./Bench.ts"
import { steady } from "./History.ts"

const seqs = (applied: ReadonlyArray<{ readonly seq: number }>) => applied.map((change) => change.seq)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe("JobRunner", () => {
  it.effect("applies a whole window in order and completes the job", () =>
    Effect.gen(function* () {
      const { archive, jobs, start, target } = yield* makeBench
      archive.add(steady(30))
      const { fiber, id } = yield* start()
      assert.strictEqual(yield* Fiber.join(fiber), "completed")
      assert.deepStrictEqual(seqs(target.applied), upTo(30))
      const job = yield* jobs.service.find(id)
      assert.strictEqual(job.status, "completed")
      assert.deepStrictEqual(job.checkpoint?.position, { seq: 30, ordinal: 0 })
      assert.strictEqual(job.counters.processed, 30)
      assert.deepStrictEqual(job.plan?.range, { start: 1, end: 31 })
    })
  )
})
