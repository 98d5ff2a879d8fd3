import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { pinRoute } from "../../src/replay/JobPlanner.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { Run } from "../../src/replay/Run.ts"
import { apiLayer, ask, member, testHistory, tokenFor } from "./TestApi.ts"
import { spec } from "./TestControl.ts"

layer(apiLayer("replay_source"), { timeout: "60 seconds", excludeTestServices: true })(
  "a job's source",
  (it) => {
    it.effect("and why it is read are told, kept over pause and resume, and changed by a fall back", () =>
      Effect.gen(function* () {
        const token = yield* tokenFor("admin")
        const store = yield* JobStore
        const { id } = yield* store.create(spec)
        const told = Effect.gen(function* () {
          const { json } = yield* ask(`/api/v1/jobs/${id}`, { token })
          return [member(json, "replay_source"), member(json, "replay_source_reason")]
        })
        const takeOver = Effect.flatMap(store.acquire("worker", 60), Effect.fromOption)
        assert.deepStrictEqual(yield* told, [null, null])

        yield* store.act(id, "start")
        const first = yield* takeOver
        const range = { start: 1, end: 4 }
        const plan = {
          history: testHistory,
          range,
          store: "redis",
          storeReason: "live buffer: holds all",
          changes: 3
        } as const
        yield* store.plan(id, first.leaseEpoch, plan)
        const chosen = ["redis", "live buffer: holds all"]
        for (const action of ["pause", "resume"] as const) {
          yield* ask(`/api/v1/jobs/${id}/${action}`, { method: "POST", token })
          assert.deepStrictEqual(yield* told, chosen)
        }

        const second = yield* takeOver
        assert.deepStrictEqual(second.plan, plan)
        const reason = "archive: the live buffer (redis) failed"
        const pinned = yield* pinRoute(new Run(second), plan, { store: "kafka", reason })
        assert.deepStrictEqual(yield* told, ["kafka", reason])
        yield* store.fail(id, second.leaseEpoch, { code: "rejected", message: "x", position: null })
        yield* ask(`/api/v1/jobs/${id}/resume`, { method: "POST", token })
        assert.deepStrictEqual((yield* takeOver).plan, pinned)
        assert.deepStrictEqual(yield* told, ["kafka", reason])
      })
    )
  }
)
