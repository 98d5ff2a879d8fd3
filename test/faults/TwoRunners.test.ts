import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spec } from "../control/TestControl.ts"
import { at, transaction } from "../replay/History.ts"
import { makeHoldingProxy } from "../servers/HoldingProxy.ts"
import { idsOf, makeReplayScene } from "./ReplayScene.ts"
import { until } from "./Scene.ts"

it.live(
  "a second runner takes over while the first one's transaction is open, and nothing is applied twice",
  () =>
    Effect.gen(function* () {
      const history = Array.from({ length: 3000 }, (_, i) =>
        transaction(i + 1, at(1000 + i / 100), ["orders", "stock"])
      ).flat()
      const { rows, control, startWorker, target, targetUrl } = yield* makeReplayScene(history)
      const proxy = yield* makeHoldingProxy(targetUrl)
      const first = yield* startWorker("first", 5, proxy.url)
      const { id } = yield* first.create({ ...spec, startTime: null })
      yield* first.act(id, "start")
      proxy.hold()
      yield* until("the first one's COMMIT is kept back", Effect.sync(proxy.holds))
      // What a frozen process looks like to everybody else: its lease runs out, its transaction stays open.
      yield* control.query(
        "UPDATE public.jobs SET lease_expires_at = clock_timestamp() - interval '1 second'"
      )
      const second = yield* startWorker("second", 300)
      yield* until(
        "the second one waits for the ledger",
        Effect.map(
          target.query(
            `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%walstream.ledger%'`
          ),
          (waiting) => waiting.length > 0
        )
      )
      assert.strictEqual((yield* second.find(id)).lease?.worker, "second")
      // Thawed: its COMMIT arrives after all.
      proxy.release()
      yield* until(
        "the second one has done the job",
        Effect.map(second.find(id), ({ status }) => status === "completed"),
        60
      )
      assert.deepStrictEqual(yield* rows, idsOf(history))
      const job = yield* second.find(id)
      assert.strictEqual(job.counters.processed, 6000)
      assert.isAtLeast(job.leaseEpoch, 2)
    }).pipe(Effect.scoped),
  { timeout: 120_000 }
)
