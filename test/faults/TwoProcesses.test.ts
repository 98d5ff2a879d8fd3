import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { spec } from "../control/TestControl.ts"
import { archiveAt, temporaryDirectory } from "../log/SqliteFixture.ts"
import { at, transaction } from "../replay/History.ts"
import { makeHoldingProxy } from "../servers/HoldingProxy.ts"
import { archiveHistory, idsOf, makeReplayDatabases } from "./ReplayScene.ts"
import { startRunner } from "./RunnerProcess.ts"
import { until } from "./Scene.ts"

/** Thirty seconds of a shop: at 10x there is time to freeze somebody in the middle. */
const history = Array.from({ length: 3000 }, (_, i) =>
  transaction(i + 1, at(1000 + i / 100), ["orders", "stock"])
).flat()

/**
 * A job runs in a process that is stopped (SIGSTOP) between its batch and its COMMIT; its lease runs out, and a second
 * process, over a copy of the archive, takes the job over while that transaction is open.
 */
const takeover = Effect.gen(function* () {
  const { targetUrl, controlUrl, database, target, control, rows } = yield* makeReplayDatabases
  const directory = yield* temporaryDirectory
  const start = Effect.fnUntraced(function* (workerId: string, leaseSeconds: number, url: Redacted.Redacted) {
    const archive = join(directory, `${workerId}.sqlite`)
    yield* Effect.provide(archiveHistory(history), archiveAt({ file: archive }))
    const urls = { controlUrl: Redacted.value(controlUrl), targetUrl: Redacted.value(url) }
    return yield* startRunner({ workerId, leaseSeconds, archive, ...urls })
  })
  const store = Context.get(
    yield* Layer.build(layerJobStorePg.pipe(Layer.provide([database, ActorSystem.layer]))),
    JobStore
  )
  const { id } = yield* store.create({ ...spec, startTime: null, speed: 10 })
  yield* store.act(id, "start")

  const proxy = yield* makeHoldingProxy(targetUrl)
  const first = yield* start("first", 5, proxy.url)
  yield* until(
    "the first one has applied something",
    Effect.map(rows, ({ length }) => length > 100)
  )
  proxy.hold()
  yield* until("its COMMIT is on the way", Effect.sync(proxy.holds))
  yield* first.freeze
  yield* until(
    "its lease has run out",
    Effect.map(
      control.query("SELECT FROM public.jobs WHERE lease_expires_at < clock_timestamp()"),
      ({ length }) => length === 1
    )
  )
  const second = yield* start("second", 300, targetUrl)
  yield* until(
    "the second one waits for the ledger",
    Effect.map(
      target.query(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%walstream.ledger%'`
      ),
      ({ length }) => length > 0
    )
  )
  assert.strictEqual((yield* store.find(id)).lease?.worker, "second")

  const completed = until(
    "the second one has done the job",
    Effect.map(store.find(id), ({ status }) => status === "completed")
  )
  /** The first one goes on where it stood, and what it had sent arrives. */
  const thaw = Effect.andThen(
    first.thaw,
    Effect.sync(() => proxy.release())
  )
  const audit = Effect.gen(function* () {
    yield* until(
      "the first one has let go of the job by itself",
      Effect.sync(() => first.runs().at(-1) === "nothing" && first.runs().length > 1)
    )
    assert.isTrue(first.isAlive(), first.log())
    assert.deepStrictEqual(
      first.runs().filter((run) => run !== "nothing"),
      ["1"],
      first.log()
    )
    assert.deepStrictEqual(
      second.runs().filter((run) => run !== "nothing"),
      ["2"],
      second.log()
    )
    assert.deepStrictEqual(yield* rows, idsOf(history))
    const job = yield* store.find(id)
    assert.deepInclude(job.counters, { processed: 6000, duplicate: 0 })
    assert.strictEqual(job.leaseEpoch, 2)
    assert.deepStrictEqual(yield* target.query("SELECT epoch FROM walstream.ledger_jobs"), [{ epoch: "2" }])
  })
  return { completed, thaw, audit, rows }
})

describe("a runner that is frozen past its lease, its target transaction open, while another process takes over", () => {
  it.live(
    "has its last batch counted once when the COMMIT arrives after all",
    () =>
      Effect.gen(function* () {
        const { completed, thaw, audit } = yield* takeover
        yield* thaw
        yield* completed
        yield* audit
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )

  it.live(
    "is refused when it wakes too late",
    () =>
      Effect.gen(function* () {
        const { completed, thaw, audit, rows } = yield* takeover
        yield* completed
        assert.deepStrictEqual(yield* rows, idsOf(history))
        yield* thaw
        yield* audit
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )
})
