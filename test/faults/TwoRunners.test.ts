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

it.live(
  "a second runner ends a frozen one's large transaction, in the middle of a COPY, and begins it again",
  () =>
    Effect.gen(function* () {
      const history = [
        ...transaction(1, at(1000), ["orders"]),
        ...transaction(
          2,
          at(1001),
          Array.from({ length: 25_000 }, (_, i) => (i % 2 === 0 ? "orders" : "stock"))
        ),
        ...transaction(3, at(1002), ["orders"])
      ]
      const { rows, control, startWorker, target, targetUrl } = yield* makeReplayScene(history)
      const proxy = yield* makeHoldingProxy(targetUrl)
      const first = yield* startWorker("first", 5, proxy.url)
      const { id } = yield* first.create({ ...spec, startTime: null })
      // A row of the second part: the first one is in the target's hands by then.
      proxy.hold("2:15000")
      yield* first.act(id, "start")
      yield* until("the first one is stopped in a COPY", Effect.sync(proxy.holds))
      assert.deepStrictEqual(yield* rows, idsOf(transaction(1, at(1000), ["orders"])))
      yield* control.query(
        "UPDATE public.jobs SET lease_expires_at = clock_timestamp() - interval '1 second'"
      )
      const second = yield* startWorker("second", 300)
      yield* until(
        "the second one has done the job",
        Effect.map(second.find(id), ({ status }) => status === "completed"),
        60
      )
      const left = yield* target.query(
        "SELECT FROM pg_stat_activity WHERE application_name LIKE 'walstream job%' AND state <> 'idle'"
      )
      assert.deepStrictEqual(left, [])
      // Thawed: what it had begun is long gone.
      proxy.release()
      assert.deepStrictEqual(yield* rows, idsOf(history))
      const job = yield* second.find(id)
      assert.deepStrictEqual(job.counters, { processed: 25_002, duplicate: 0, converged: 0 })
      assert.isAtLeast(job.leaseEpoch, 2)
    }).pipe(Effect.scoped),
  { timeout: 120_000 }
)
