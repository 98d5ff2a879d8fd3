import { assert, describe, it } from "@effect/vitest"
import { type Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { advance, Failed, type Journal, nodeAt, probe, until } from "./Probe.ts"

const withSystem = <A, E>(test: Effect.Effect<A, E, ActorSystem>) => Effect.provide(test, ActorSystem.layer)

describe("stopping an actor", () => {
  it.effect("works off what is in the mailbox first", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* root.spawn(probe(journal, "a"))
      yield* Effect.forEach(["1", "2", "3"], (note) => ref.tell({ note }))
      yield* ref.stop
      assert.deepStrictEqual(journal, ["+a", "1", "2", "3", "-a"])
      assert.deepStrictEqual(yield* ref.ended, Exit.void)
    }).pipe(withSystem)
  )

  it.effect("interrupts at the deadline, and tells who still waits", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* root.spawn(probe(journal, "a", { stopDeadline: "3 seconds" }))
      yield* ref.tell("hang")
      const asking = yield* ref
        .ask<number>(() => ({ note: "never handled" }), "1 hour")
        .pipe(Effect.flip, Effect.forkChild)
      yield* Effect.yieldNow
      const stopping = yield* Effect.forkChild(ref.stop)
      yield* advance("2999 millis")
      assert.isUndefined(stopping.pollUnsafe())
      yield* advance("1 millis")
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(journal, ["+a", "-a"])
      assert.strictEqual((yield* Fiber.join(asking))._tag, "ActorStopped")
      assert.deepStrictEqual(yield* ref.ended, Exit.void)
    }).pipe(withSystem)
  )

  it.effect("interrupts at once who never looks into its mailbox", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn({ name: "loop", run: () => Effect.never })
      yield* ref.stop
      assert.deepStrictEqual(yield* ref.ended, Exit.void)
    }).pipe(withSystem)
  )

  it.effect("leaves the stop deadline to who waits for `stopping`", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const finished = yield* Deferred.make<string>()
      const ref = yield* root.spawn({
        name: "batches",
        run: (context) =>
          Effect.andThen(context.stopping, Effect.sleep("2 seconds")).pipe(
            Effect.andThen(Deferred.succeed(finished, "the batch in hand"))
          )
      })
      yield* Effect.yieldNow
      const stopping = yield* Effect.forkChild(ref.stop)
      yield* advance("2 seconds")
      yield* Fiber.join(stopping)
      assert.strictEqual(yield* Deferred.await(finished), "the batch in hand")
    }).pipe(withSystem)
  )

  it.effect("by itself only asks, since it cannot wait for itself", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* root.spawn<string, Cause.Done, never>({
        name: "quitter",
        run: (context) =>
          Effect.forever(
            Effect.flatMap(context.mailbox.take, (message) => {
              journal.push(message)
              return message === "quit" ? context.self.stop : Effect.void
            })
          )
      })
      yield* ref.tell("quit")
      yield* ref.tell("the rest")
      assert.deepStrictEqual(yield* ref.ended, Exit.void)
      assert.deepStrictEqual(journal, ["quit", "the rest"])
    }).pipe(withSystem)
  )

  it.effect("goes on when who asked for it has gone", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* root.spawn(probe(journal, "a"))
      yield* ref.tell("hang")
      yield* Effect.yieldNow
      const stopping = yield* Effect.forkChild(ref.stop)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(stopping)
      yield* advance("5 seconds")
      assert.deepStrictEqual(journal, ["+a", "-a"])
    }).pipe(withSystem)
  )

  it.effect("gives up on finalizers that hang, and says so", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const ref = yield* system.root.spawn({
        name: "stuck",
        stopDeadline: "1 second",
        run: () =>
          Effect.andThen(
            Effect.addFinalizer(() => Effect.never),
            Effect.never
          )
      })
      const stopping = yield* Effect.forkChild(ref.stop)
      yield* advance("1 second")
      yield* Fiber.join(stopping)
      const [lost] = (yield* system.tree).lost
      assert.strictEqual(lost?.state, "failed")
      assert.strictEqual(lost?.lastError, "/stuck did not end within 1000 ms and was left behind")
    }).pipe(withSystem)
  )

  it.effect("gives up on finalizers that hang after a failure too, and starts the next life", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      let lives = 0
      yield* system.root.spawn({
        name: "stuck",
        stopDeadline: "1 second",
        run: () =>
          ++lives > 1
            ? Effect.never
            : Effect.andThen(
                Effect.addFinalizer(() => Effect.never),
                Effect.fail(new Failed({ message: "no" }))
              )
      })
      yield* advance("999 millis")
      assert.strictEqual(nodeAt(yield* system.tree, "stuck").state, "running")
      yield* advance("1 millis")
      assert.strictEqual(nodeAt(yield* system.tree, "stuck").state, "backoff")
      yield* advance("1 second")
      assert.strictEqual(lives, 2)
    }).pipe(withSystem)
  )

  it.effect("while its finalizers run after a failure waits for them, and then it is over", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const closed: Array<string> = []
      const ref = yield* system.root.spawn({
        name: "slow",
        run: () =>
          Effect.andThen(
            Effect.addFinalizer(() =>
              Effect.andThen(
                Effect.sleep("1 second"),
                Effect.sync(() => closed.push("closed"))
              )
            ),
            Effect.fail(new Failed({ message: "no" }))
          )
      })
      const stopping = yield* Effect.forkChild(ref.stop)
      yield* advance("999 millis")
      assert.isUndefined(stopping.pollUnsafe())
      yield* advance("1 millis")
      yield* Fiber.join(stopping)
      yield* advance("1 hour")
      assert.deepStrictEqual(closed, ["closed"])
      assert.isTrue(Exit.isFailure(yield* ref.ended))
    }).pipe(withSystem)
  )

  it.effect("waiting for its restart ends it there", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* system.root.spawn(probe(journal, "a"))
      yield* ref.tell("fail")
      yield* until(() => journal.includes("-a"))
      assert.strictEqual(nodeAt(yield* system.tree, "a").state, "backoff")
      yield* ref.stop
      yield* advance("1 hour")
      assert.deepStrictEqual(journal, ["+a", "-a"])
      assert.deepStrictEqual((yield* system.tree).children, [])
    }).pipe(withSystem)
  )
})
