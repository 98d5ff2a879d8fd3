import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, References, Schedule } from "effect"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import type { Supervisor, SupervisorOptions } from "../../src/runtime/Supervisor.ts"
import { advance, type Journal, nodeAt, type Order, probe, until } from "./Probe.ts"

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

  it.effect("of an outage are told once, and its end once", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message, fiber }) => {
      const { actor, restarts } = fiber.getRef(References.CurrentLogAnnotations)
      lines.push(`${logLevel} ${[message].flat().join(" ")} ${actor} ${restarts}`)
    })
    return Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const supervisor = yield* root.supervise({ name: "s", backoff, intensity: "unlimited" })
      const a = yield* supervisor.spawn(probe([], "a"))
      for (let round = 0; round < 5; round++) {
        yield* a.tell("fail")
        yield* advance("50 seconds")
      }
      yield* advance("10 seconds")
      assert.deepStrictEqual(lines, ["Warn actor ended and is restarted /s/a 0"])
      yield* advance("1 minute")
      assert.deepStrictEqual(lines.slice(1), ["Info actor is well again /s/a 5"])
      yield* a.tell("fail")
      yield* advance("1 second")
      assert.deepStrictEqual(lines.slice(2), ["Warn actor ended and is restarted /s/a 5"])
      yield* supervisor.stop("a")
      yield* advance("2 minutes")
      assert.strictEqual(lines.length, 3)
    }).pipe(withSystem, Effect.provide(Logger.layer([logger])))
  })

  it.effect("that an actor tells itself are not told again, but its defects are", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message, fiber }) => {
      const { actor, error } = fiber.getRef(References.CurrentLogAnnotations)
      const why = String(error ?? "").replace(/, at .*/, "")
      lines.push(`${logLevel} ${[message].flat().join(" ")} ${actor} ${why}`.trim())
    })
    return Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const supervisor = yield* root.supervise({ name: "s", backoff, intensity: "unlimited" })
      const a = yield* supervisor.spawn(probe([], "a", { tellsErrors: true }))
      const order = (what: Order) => Effect.andThen(a.tell(what), advance("1 second"))
      yield* order("fail")
      yield* order("fail")
      assert.deepStrictEqual(lines, [])
      yield* order("die")
      yield* order("die")
      yield* order("fail")
      const died = "Warn actor ended and is restarted /s/a defect: a died"
      assert.deepStrictEqual(lines, [died])
      yield* advance("2 minutes")
      assert.deepStrictEqual(lines.slice(1), ["Info actor is well again /s/a"])
      yield* order("end")
      assert.deepStrictEqual(lines.slice(2), ["Warn actor ended and is restarted /s/a ended by itself"])
    }).pipe(withSystem, Effect.provide(Logger.layer([logger])))
  })
})
