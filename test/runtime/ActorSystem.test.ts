import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric, Stream } from "effect"
import { handler } from "../../src/runtime/Actor.ts"
import { type ActorNode, flatten, isHealthy } from "../../src/runtime/ActorNode.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { advance, Failed, type Journal, nodeAt, type Order, probe, until } from "./Probe.ts"

const withSystem = <A, E>(test: Effect.Effect<A, E, ActorSystem>) => Effect.provide(test, ActorSystem.layer)

describe("the tree", () => {
  it.effect("shows each actor with its state, restarts, mailbox and last error", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      yield* advance("1 second")
      const control = yield* system.root.supervise({ name: "control", strategy: "rest-for-one" })
      const mailbox = { capacity: 3, overflow: "drop-oldest" } as const
      const a = yield* control.spawn(probe([], "a", { mailbox, restart: "transient" }))
      yield* control.spawn({ name: "b", readiness: "signalled", run: () => Effect.never })
      yield* a.tell("fail")
      yield* advance("1 second")
      yield* a.tell("hang")
      yield* advance("1 second")
      yield* Effect.forEach(["1", "2", "3", "4"], (note) => a.tell({ note }))
      const tree = yield* system.tree
      assert.deepStrictEqual(
        flatten(tree).map(({ path, kind, state }) => [path, kind, state]),
        [
          ["/", "supervisor", "running"],
          ["/control", "supervisor", "running"],
          ["/control/a", "actor", "running"],
          ["/control/b", "actor", "starting"]
        ]
      )
      assert.isFalse(isHealthy(tree))
      const { since, ...node } = nodeAt(tree, "control", "a")
      assert.isTrue(since > 1000 && since < 2000, `restarted by the backoff's first delay: ${since}`)
      assert.deepStrictEqual(node, {
        path: "/control/a",
        name: "a",
        kind: "actor",
        state: "running",
        restart: "transient",
        restarts: 1,
        lastError: "a failed",
        mailbox: { depth: 3, capacity: 3, overflow: "drop-oldest", dropped: 1 },
        children: [],
        lost: []
      } satisfies Omit<ActorNode, "since">)
      assert.strictEqual(nodeAt(tree, "control").strategy, "rest-for-one")
      // What leaves the tree is plain data.
      assert.deepStrictEqual(JSON.parse(JSON.stringify(tree)), tree)
      const stopping = yield* Effect.forkChild(system.root.stop("control"))
      yield* advance("5 seconds")
      yield* Fiber.join(stopping)
      assert.isTrue(isHealthy(yield* system.tree))
    }).pipe(withSystem)
  )

  it.effect("changes are a stream: now, and anew with each change, skipping what nobody read", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const seen: Array<string> = []
      const watching = yield* system.changes.pipe(
        Stream.runForEach((tree) =>
          Effect.sync(() => seen.push(tree.children.map(({ name, state }) => `${name} ${state}`).join()))
        ),
        Effect.forkChild
      )
      yield* until(() => seen.length === 1)
      const a = yield* system.root.spawn(probe([], "a"))
      yield* until(() => seen.at(-1) === "a running")
      yield* a.tell("fail")
      yield* until(() => seen.at(-1) === "a backoff")
      yield* advance("1 second")
      yield* until(() => seen.at(-1) === "a running")
      yield* Effect.forEach(["b", "c", "d"], (name) => system.root.spawn(probe([], name)))
      yield* until(() => seen.at(-1) === "a running,b running,c running,d running")
      const count = seen.length
      yield* advance("1 second")
      assert.strictEqual(seen.length, count, "nothing changes, nothing comes")
      yield* Fiber.interrupt(watching)
    }).pipe(withSystem)
  )
})

describe("when its scope closes", () => {
  it.effect("everything is stopped in the reverse of the start order", () => {
    const journal: Journal = []
    return Effect.gen(function* () {
      const { root } = yield* ActorSystem
      yield* root.spawn(probe(journal, "a"))
      const inner = yield* root.supervise({ name: "inner" })
      yield* inner.spawn(probe(journal, "b"))
      yield* inner.spawn(probe(journal, "c"))
      yield* root.spawn(probe(journal, "d"))
    }).pipe(
      withSystem,
      Effect.andThen(
        Effect.sync(() => assert.deepStrictEqual(journal, ["+a", "+b", "+c", "+d", "-d", "-c", "-b", "-a"]))
      )
    )
  })

  it.effect("what waits for a restart does not come back", () => {
    const journal: Journal = []
    return Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const a = yield* root.spawn(probe(journal, "a"))
      yield* a.tell("fail")
      yield* until(() => journal.includes("-a"))
    }).pipe(
      withSystem,
      Effect.andThen(advance("1 hour")),
      Effect.andThen(Effect.sync(() => assert.deepStrictEqual(journal, ["+a", "-a"])))
    )
  })

  it.effect("a system that is not used leaves nothing", () => withSystem(Effect.asVoid(ActorSystem)))
})

describe("nothing leaks", () => {
  const rounds = 10_000

  /** Handles of the event loop that keep a process alive: timers, sockets. */
  const activeTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length

  it.live("over 10,000 actors that come, fail, are asked, time out and go, in real time", () => {
    let alive = 0
    let fibers = 0
    const countFibers: Metric.FiberRuntimeMetricsService = {
      recordFiberStart: () => fibers++,
      recordFiberEnd: () => fibers--
    }
    return Effect.gen(function* () {
      const timersBefore = activeTimers()
      yield* Effect.gen(function* () {
        const system = yield* ActorSystem
        const jobs = yield* system.root.supervise({ name: "jobs" })
        for (let round = 0; round < rounds; round++) {
          const ref = yield* jobs.spawn(
            handler({
              name: `${round}`,
              restart: "temporary",
              initial: () =>
                Effect.acquireRelease(
                  Effect.sync(() => ++alive),
                  () => Effect.sync(() => --alive)
                ),
              handle: (state, order: Order) =>
                order === "fail" ? Effect.fail(new Failed({ message: "as told" })) : Effect.succeed(state)
            })
          )
          // A deadline that is far away, and one that is not.
          const asking = yield* Effect.forkChild(
            Effect.exit(ref.ask<never>(() => "end", round % 100 === 0 ? 1 : "1 hour"))
          )
          yield* Effect.yieldNow
          if (round % 1000 === 0) yield* ref.tell("fail")
          else if (round % 2 === 0) yield* ref.stop
          else yield* jobs.stop(`${round}`)
          yield* ref.ended
          yield* Fiber.join(asking)
        }
        assert.strictEqual(alive, 0)
        assert.isBelow(fibers, 10, "the system's own few")
        const node = nodeAt(yield* system.tree, "jobs")
        assert.deepStrictEqual(node.children, [])
        assert.strictEqual(node.lost.length, 10)
        // And many at once, left for the scope to end.
        for (let more = 0; more < 1000; more++) {
          yield* jobs.spawn(
            handler({
              name: `more-${more}`,
              initial: () =>
                Effect.acquireRelease(
                  Effect.sync(() => ++alive),
                  () => Effect.sync(() => --alive)
                ),
              handle: (state: number, _order: Order) => Effect.succeed(state)
            })
          )
        }
        assert.strictEqual(alive, 1000)
        assert.isAtLeast(fibers, 1000)
      }).pipe(withSystem, Effect.provideService(Metric.FiberRuntimeMetrics, countFibers))
      assert.strictEqual(alive, 0)
      assert.strictEqual(fibers, 0)
      assert.isAtMost(activeTimers(), timersBefore)
    })
  })
})
