import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, References, Schedule } from "effect"
import { RestartsExceeded } from "../../src/runtime/ActorError.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import type { Supervisor, SupervisorOptions } from "../../src/runtime/Supervisor.ts"
import { advance, type Journal, nodeAt, probe, until } from "./Probe.ts"

const withSystem = <A, E>(test: Effect.Effect<A, E, ActorSystem>) => Effect.provide(test, ActorSystem.layer)
const backoff = Schedule.spaced("1 second")

/** A supervisor with three probes that have begun. */
const threeUnder = Effect.fnUntraced(function* (journal: Journal, options: SupervisorOptions) {
  const { root } = yield* ActorSystem
  const supervisor = yield* root.supervise({ name: "s", backoff, ...options })
  const [a, b, c] = yield* Effect.all([
    supervisor.spawn(probe(journal, "a")),
    supervisor.spawn(probe(journal, "b")),
    supervisor.spawn(probe(journal, "c"))
  ])
  journal.length = 0
  return { supervisor, a, b, c }
})

describe("a strategy", () => {
  it.effect("one-for-one restarts who failed", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { b } = yield* threeUnder(journal, { strategy: "one-for-one" })
      yield* b.tell("fail")
      yield* advance("999 millis")
      assert.deepStrictEqual(journal, ["-b"])
      yield* advance("1 millis")
      assert.deepStrictEqual(journal, ["-b", "+b"])
    }).pipe(withSystem)
  )

  it.effect("one-for-one lets several wait side by side", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { a, b } = yield* threeUnder(journal, { strategy: "one-for-one" })
      yield* a.tell("fail")
      yield* advance("500 millis")
      yield* b.tell("die")
      yield* advance("500 millis")
      assert.deepStrictEqual(journal, ["-a", "-b", "+a"])
      yield* advance("500 millis")
      assert.deepStrictEqual(journal, ["-a", "-b", "+a", "+b"])
    }).pipe(withSystem)
  )

  it.effect("one-for-all takes the others down in reverse order and starts all in order", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { a, b, c } = yield* threeUnder(journal, { strategy: "one-for-all" })
      yield* b.tell("fail")
      yield* until(() => journal.length === 3)
      assert.deepStrictEqual(journal, ["-b", "-c", "-a"])
      // Meanwhile their mailboxes take messages.
      yield* a.tell({ note: "for a" })
      yield* c.tell({ note: "for c" })
      yield* advance("1 second")
      assert.sameOrderedMembers(
        journal.slice(3).filter((line) => line.startsWith("+")),
        ["+a", "+b", "+c"]
      )
      assert.includeMembers(journal, ["for a", "for c"])
    }).pipe(withSystem)
  )

  it.effect("rest-for-one leaves alone who was started before", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { b } = yield* threeUnder(journal, { strategy: "rest-for-one" })
      yield* b.tell("fail")
      yield* advance("1 second")
      assert.deepStrictEqual(journal, ["-b", "-c", "+b", "+c"])
    }).pipe(withSystem)
  )

  it.effect("rest-for-one: an earlier child that fails meanwhile takes over the restart", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { a, b, c } = yield* threeUnder(journal, { strategy: "rest-for-one" })
      yield* b.tell("fail")
      yield* advance("500 millis")
      yield* a.tell("fail")
      yield* advance("999 millis")
      assert.deepStrictEqual(journal, ["-b", "-c", "-a"])
      yield* advance("1 millis")
      assert.deepStrictEqual(journal, ["-b", "-c", "-a", "+a", "+b", "+c"])
      yield* Effect.forEach([a, b, c], (ref) => ref.tell({ note: "well" }))
      yield* until(() => journal.filter((line) => line === "well").length === 3)
    }).pipe(withSystem)
  )

  it.effect("restarts several in order, each once the one before it is ready", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const supervisor = yield* root.supervise({ name: "s", backoff, strategy: "one-for-all" })
      const slow = Effect.sleep("10 seconds")
      const first = yield* supervisor.spawn(probe(journal, "first", { readiness: "signalled" }, slow))
      yield* supervisor.spawn(probe(journal, "second"))
      yield* advance("10 seconds")
      yield* first.tell("fail")
      yield* advance("1 second")
      assert.deepStrictEqual(journal, ["+first", "+second", "-first", "-second", "+first"])
      yield* advance("10 seconds")
      assert.deepStrictEqual(journal.slice(5), ["+second"])
    }).pipe(withSystem)
  )

  it.effect("does not restart a child that was stopped meanwhile", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { supervisor, b } = yield* threeUnder(journal, { strategy: "one-for-all" })
      yield* b.tell("fail")
      yield* until(() => journal.length === 3)
      yield* supervisor.stop("a")
      yield* advance("1 second")
      assert.deepStrictEqual(journal.slice(3), ["+b", "+c"])
    }).pipe(withSystem)
  )
})

describe("a restart kind", () => {
  const lives = Effect.fnUntraced(function* (
    restart: "permanent" | "transient" | "temporary",
    order: "end" | "fail" | "die"
  ) {
    const journal: Journal = []
    yield* Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn(probe(journal, "a", { restart }))
      yield* ref.tell(order)
      yield* advance("1 second")
    }).pipe(withSystem)
    return journal.filter((line) => line === "+a").length
  })

  it.effect("says which ends are restarted", () =>
    Effect.gen(function* () {
      for (const [restart, order, expected] of [
        ["permanent", "end", 2],
        ["permanent", "fail", 2],
        ["permanent", "die", 2],
        ["transient", "end", 1],
        ["transient", "fail", 2],
        ["transient", "die", 2],
        ["temporary", "end", 1],
        ["temporary", "fail", 1],
        ["temporary", "die", 1]
      ] as const)
        assert.strictEqual(yield* lives(restart, order), expected, `${restart} on ${order}`)
    })
  )

  it.effect("one-for-all: temporary siblings are ended, not restarted", () =>
    Effect.gen(function* () {
      const journal: Journal = []
      const { supervisor, a } = yield* threeUnder(journal, { strategy: "one-for-all" })
      const job = yield* supervisor.spawn(probe(journal, "job", { restart: "temporary" }))
      yield* a.tell("fail")
      assert.deepStrictEqual(yield* job.ended, Exit.void)
      yield* advance("1 second")
      assert.deepStrictEqual(journal, ["+job", "-a", "-job", "-c", "-b", "+a", "+b", "+c"])
    }).pipe(withSystem)
  )
})

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

describe("children", () => {
  it.effect("have names of their own, free again once they have ended", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      yield* root.spawn(probe([], "a"))
      const taken = yield* Effect.flip(root.spawn(probe([], "a")))
      assert.strictEqual(taken.message, "there already is an actor /a")
      assert.strictEqual((yield* Effect.flip(root.supervise({ name: "a" })))._tag, "NameTaken")
      yield* root.stop("a")
      yield* root.stop("a")
      yield* root.spawn(probe([], "a"))
    }).pipe(withSystem)
  )

  it.effect("stop in the reverse of their start order, each by its own deadline", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const supervisor = yield* root.supervise({ name: "s" })
      yield* supervisor.spawn(probe(journal, "a"))
      const b = yield* supervisor.spawn(probe(journal, "b", { stopDeadline: "1 second" }))
      const inner = yield* supervisor.supervise({ name: "inner" })
      yield* inner.spawn(probe(journal, "c"))
      yield* inner.spawn(probe(journal, "d"))
      yield* b.tell("hang")
      yield* Effect.yieldNow
      journal.length = 0
      const stopping = yield* Effect.forkChild(root.stop("s"))
      yield* advance("999 millis")
      assert.deepStrictEqual(journal, ["-d", "-c"])
      yield* advance("1 millis")
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(journal, ["-d", "-c", "-b", "-a"])
    }).pipe(withSystem)
  )

  it.effect("that come and go leave the tree; the last ones that failed are kept", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const jobs: Supervisor = yield* system.root.supervise({ name: "jobs" })
      for (let job = 0; job < 100; job++) {
        const ref = yield* jobs.spawn(probe([], `${job}`, { restart: "temporary" }))
        yield* ref.tell(job % 2 === 0 ? "end" : "fail")
        yield* ref.ended
      }
      const node = nodeAt(yield* system.tree, "jobs")
      assert.deepStrictEqual(node.children, [])
      assert.strictEqual(node.lost.length, 32)
      const last = node.lost.at(-1)
      assert.strictEqual(last?.path, "/jobs/99")
      assert.strictEqual(last?.state, "failed")
      assert.strictEqual(last?.lastError, "99 failed")
    }).pipe(withSystem)
  )
})

describe("failures", () => {
  it.effect("are logged, one line each with the actor's path", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message, fiber }) => {
      const { actor, error, delayMillis } = fiber.getRef(References.CurrentLogAnnotations)
      const why = String(error).replace(/, at .*/, "")
      lines.push(`${logLevel} ${[message].flat().join(" ")} ${actor} ${why} ${delayMillis ?? ""}`.trim())
    })
    return Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const supervisor = yield* root.supervise({
        name: "s",
        restart: "temporary",
        backoff,
        intensity: { restarts: 1, within: "1 hour" }
      })
      const a = yield* supervisor.spawn(probe([], "a"))
      const job = yield* supervisor.spawn(probe([], "job", { restart: "temporary" }))
      yield* job.tell("die")
      yield* job.ended
      yield* a.tell("fail")
      yield* advance("1 second")
      yield* a.tell("fail")
      yield* a.ended
      assert.deepStrictEqual(lines, [
        "Error actor failed and is not restarted /s/job defect: job died",
        "Warn actor ended and is restarted /s/a a failed 1000",
        "Error supervisor gives up /s a failed",
        "Error actor failed and is not restarted /s supervisor /s gives up after 1 restarts: a failed: a failed"
      ])
    }).pipe(withSystem, Effect.provide(Logger.layer([logger])))
  })
})
