import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spec } from "../control/TestControl.ts"
import { at, transaction } from "../replay/History.ts"
import { idsOf, makeReplayScene } from "./ReplayScene.ts"
import { until } from "./Scene.ts"

/** Commit times, in seconds, that go back around 10, 20 and 30: where the windows meet. */
const times = [8, 9, 11, 9.5, 10, 9.9, 12, 19, 21, 18, 20, 19.5, 22, 29, 31, 28, 30, 29.9, 33]

it.live("adjacent windows tile where commit times go back at their edges", () =>
  Effect.gen(function* () {
    const history = times.flatMap((seconds, i) => transaction(i + 1, at(1000 + seconds), ["orders", "stock"]))
    const { rows, startWorker } = yield* makeReplayScene(history)
    const store = yield* startWorker("worker", 300)
    const replay = Effect.fnUntraced(function* (from: number, to: number) {
      const { id } = yield* store.create({ ...spec, startTime: at(1000 + from), endTime: at(1000 + to) })
      yield* store.act(id, "start")
      yield* until(
        "the job ends",
        Effect.map(store.find(id), ({ status }) => status === "completed" || status === "failed")
      )
      const job = yield* store.find(id)
      assert.strictEqual(job.status, "completed", job.failure?.message)
      return job
    })
    // From the first commit at or after the start, up to the first at or after the end.
    const first = yield* replay(10, 20)
    assert.deepStrictEqual(first.plan?.range, { start: 3, end: 9 })
    assert.deepStrictEqual(yield* rows, idsOf(history.slice(2, 8)))
    const second = yield* replay(20, 30)
    assert.deepStrictEqual(second.plan?.range, { start: 9, end: 15 })
    assert.deepStrictEqual(yield* rows, idsOf(history.slice(2, 14)))
    assert.strictEqual(first.counters.processed + second.counters.processed, 24)
    assert.strictEqual(second.counters.duplicate, 0)
  }).pipe(Effect.scoped)
)
