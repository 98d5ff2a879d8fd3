import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schedule } from "effect"
import { RestartsExceeded } from "../../src/runtime/ActorError.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { advance, type Journal, nodeAt, probe, until } from "./Probe.ts"

const withSystem = <A, E>(test: Effect.Effect<A, E, ActorSystem>) => Effect.provide(test, ActorSystem.layer)
const backoff = Schedule.spaced("1 second")

describe("backoff", () => {
  it.effect("grows with each failure and begins anew after a stable while", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const supervisor = yield* root.supervise({
        name: "s",
        intensity: "unlimited",
        backoff: Schedule.exponential("1 second"),
        stableAfter: "1 minute"
      })
      const ref = yield* supervisor.spawn(probe(journal, "a"))
      const restartTakes = Effect.fnUntraced(function* (seconds: number) {
        const before = journal.length
        yield* ref.tell("fail")
        yield* advance(`${seconds * 1000 - 1} millis`)
        assert.deepStrictEqual(journal.slice(before), ["-a"], `not within ${seconds} s`)
        yield* advance("1 millis")
        assert.deepStrictEqual(journal.slice(before), ["-a", "+a"], `after ${seconds} s`)
      })
      yield* restartTakes(1)
      yield* restartTakes(2)
      yield* advance("59 seconds")
      yield* restartTakes(4)
      yield* advance("60 seconds")
      yield* restartTakes(1)
    }).pipe(withSystem)
  )

  it.effect("that has come to its end is a failure of the supervisor", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const supervisor = yield* system.root.supervise({
        name: "s",
        restart: "temporary",
        backoff: Schedule.recurs(1)
      })
      const ref = yield* supervisor.spawn(probe([], "a"))
      yield* ref.tell("fail")
      yield* advance("1 millis")
      yield* ref.tell("fail")
      assert.isTrue(Exit.isFailure(yield* ref.ended))
      assert.strictEqual((yield* system.tree).lost[0]?.path, "/s")
    }).pipe(withSystem)
  )

  it.effect("that breaks is a failure of the supervisor, not silence", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const broken = Schedule.forever.pipe(Schedule.tap(() => Effect.die(new Error("bad schedule"))))
      const supervisor = yield* system.root.supervise({ name: "s", restart: "temporary", backoff: broken })
      const ref = yield* supervisor.spawn(probe([], "a"))
      yield* ref.tell("fail")
      assert.isTrue(Exit.isFailure(yield* ref.ended))
      assert.include((yield* system.tree).lost[0]?.lastError, "bad schedule")
    }).pipe(withSystem)
  )
})

describe("escalation", () => {
  const intensity = { restarts: 2, within: "1 minute" } as const

  it.effect("goes to the level above when restarts come too often", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const journal: Journal = []
      const upper = yield* system.root.supervise({ name: "upper", backoff, strategy: "rest-for-one" })
      yield* upper.spawn(probe(journal, "before"))
      const lower = yield* upper.supervise({ name: "lower", backoff, intensity })
      const other = yield* lower.spawn(probe(journal, "other"))
      const a = yield* lower.spawn(probe(journal, "a"))
      yield* upper.spawn(probe(journal, "after"))
      for (let failure = 0; failure < 2; failure++) {
        yield* a.tell("fail")
        yield* advance("1 second")
      }
      journal.length = 0
      yield* a.tell("fail")
      yield* until(() => journal.length === 3)
      // The lower supervisor has taken down its own; the upper one takes down what came after the lower one.
      assert.deepStrictEqual(journal, ["-a", "-other", "-after"])
      const down = nodeAt(yield* system.tree, "upper", "lower")
      assert.strictEqual(down.state, "backoff")
      assert.strictEqual(
        down.lastError,
        "supervisor /upper/lower gives up after 2 restarts: a failed: a failed"
      )
      // A child spawned while its supervisor is down begins with the others.
      yield* lower.spawn(probe(journal, "new"))
      yield* other.tell({ note: "kept" })
      yield* advance("1 second")
      assert.sameOrderedMembers(
        journal.slice(3).filter((line) => line !== "kept"),
        ["+other", "+a", "+new", "+after"]
      )
      assert.include(journal, "kept")
      const up = nodeAt(yield* system.tree, "upper", "lower")
      assert.strictEqual(up.state, "running")
      assert.strictEqual(up.restarts, 1)
    }).pipe(withSystem)
  )

  it.effect("counts restarts only within the period", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const journal: Journal = []
      const lower = yield* system.root.supervise({ name: "lower", backoff, intensity })
      const a = yield* lower.spawn(probe(journal, "a"))
      for (let failure = 0; failure < 6; failure++) {
        yield* a.tell("fail")
        yield* advance("31 seconds")
      }
      assert.strictEqual(nodeAt(yield* system.tree, "lower").restarts, 0)
      assert.strictEqual(nodeAt(yield* system.tree, "lower", "a").restarts, 6)
    }).pipe(withSystem)
  )

  it.effect("goes up two levels, and what the root cannot mend ends the system with its cause", () => {
    const journal: Journal = []
    return Effect.gen(function* () {
      const system = yield* ActorSystem
      const once = { restarts: 1, within: "1 hour" } as const
      const middle = yield* system.root.supervise({ name: "middle", backoff, intensity: once })
      const lower = yield* middle.supervise({ name: "lower", backoff, intensity: once })
      yield* system.root.spawn(probe(journal, "bystander"))
      const a = yield* lower.spawn(probe(journal, "a"))
      const main = yield* Effect.forkChild(Effect.flip(Effect.raceFirst(Effect.never, system.awaitFailure)))
      // Two failures of a end a life of lower, two of lower one of middle, two of middle one of the root.
      for (let failure = 1; failure < 8; failure++) {
        yield* a.tell("fail")
        yield* advance("1 second")
        assert.isUndefined(main.pollUnsafe(), `the system holds after ${failure} failures`)
      }
      yield* a.tell("fail")
      yield* advance("1 second")
      const failure = yield* Fiber.join(main)
      assert.instanceOf(failure, RestartsExceeded)
      assert.strictEqual(failure.path, "/")
      assert.strictEqual(failure.child, "middle")
      assert.include(failure.message, "a failed")
      assert.strictEqual((yield* system.tree).state, "failed")
      assert.strictEqual(journal.at(-1), "-bystander")
      assert.strictEqual((yield* Effect.flip(a.tell("end")))._tag, "ActorStopped")
      assert.strictEqual((yield* Effect.flip(system.root.spawn(probe([], "late"))))._tag, "SupervisorStopped")
    }).pipe(Effect.provide(ActorSystem.layerWith({ backoff, intensity: { restarts: 1, within: "1 hour" } })))
  })

  it.effect("stops where the level above is stopped meanwhile", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const upper = yield* root.supervise({ name: "upper", backoff })
      const lower = yield* upper.supervise({
        name: "lower",
        backoff,
        intensity: { restarts: 0, within: "1 hour" }
      })
      // Taking this one down takes as long as its finalizer.
      yield* lower.spawn({
        name: "slow",
        run: () =>
          Effect.andThen(
            Effect.addFinalizer(() => Effect.sleep("1 second")),
            Effect.never
          )
      })
      const a = yield* lower.spawn(probe(journal, "a"))
      yield* a.tell("fail")
      yield* until(() => journal.includes("-a"))
      const stopping = yield* Effect.forkChild(root.stop("upper"))
      yield* advance("1 second")
      yield* Fiber.join(stopping)
      yield* advance("1 hour")
      assert.deepStrictEqual(journal, ["+a", "-a"])
      assert.deepStrictEqual(yield* a.ended, Exit.void)
    }).pipe(withSystem)
  )
})
