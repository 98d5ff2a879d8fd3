import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { jobMetrics } from "../../src/control/JobMetrics.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { acquired, checkpoint, jobStoreLayer, nothing, queued } from "./JobSteps.ts"

const halted = Effect.map(
  jobMetrics.read,
  (readings) => readings.find(({ definition }) => definition.name === "walstream_jobs_halted")?.value
)
const told = (value: number) => [{ labels: {}, value }]

const unfit = { code: "target_unfit", message: "table public.t does not fit", position: null }

layer(jobStoreLayer("job_metrics"), { timeout: "60 seconds", excludeTestServices: true })(
  "what is told of jobs",
  (it) => {
    it.effect(
      "one that fails on its way counts as halted until it is resumed, one that never began does not",
      () =>
        Effect.gen(function* () {
          const store = yield* JobStore
          const { id: early } = yield* queued()
          yield* acquired("w1")
          yield* store.fail(early, 1, { ...unfit, code: "history_removed" })
          assert.deepStrictEqual(yield* halted, told(0))

          const { id } = yield* queued()
          yield* acquired("w1")
          yield* store.progress(id, 1, checkpoint(9), nothing)
          yield* store.fail(id, 1, unfit)
          assert.deepStrictEqual(yield* halted, told(1))

          const { id: killer } = yield* queued()
          yield* acquired("w1")
          yield* store.fail(killer, 1, { ...unfit, code: "takeovers" })
          assert.deepStrictEqual(yield* halted, told(2))

          yield* store.act(id, "resume")
          assert.deepStrictEqual(yield* halted, told(1))
        })
    )
  }
)
