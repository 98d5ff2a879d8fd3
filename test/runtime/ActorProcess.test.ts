import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Result } from "effect"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import type { Reply } from "../../src/runtime/Reply.ts"
import { advance, Failed, type Journal, nodeAt, type Order, probe } from "./Probe.ts"

class Store extends Context.Service<Store, { readonly name: string }>()("test/Store") {}

const withSystem = <A, E>(test: Effect.Effect<A, E, ActorSystem>) => Effect.provide(test, ActorSystem.layer)

describe("readiness", () => {
  it.effect("is what `ready` waits for, through failures", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const journal: Journal = []
      let attempts = 0
      const connect = Effect.suspend(() =>
        ++attempts < 3 ? Effect.fail(new Failed({ message: "no connection" })) : Effect.void
      )
      const ref = yield* system.root.spawn(probe(journal, "a", { readiness: "signalled" }, connect))
      const waiting = yield* Effect.forkChild(ref.ready)
      yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      yield* advance("1 second")
      yield* Fiber.join(waiting)
      assert.strictEqual(attempts, 3)
      assert.strictEqual(nodeAt(yield* system.tree, "a").state, "running")
    }).pipe(withSystem)
  )

  it.effect("shows as starting until it is signalled", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      yield* system.root.spawn({ name: "a", readiness: "signalled", run: () => Effect.never })
      assert.strictEqual(nodeAt(yield* system.tree, "a").state, "starting")
    }).pipe(withSystem)
  )

  it.effect("fails where the actor ends before it", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const begin = Effect.fail(new Failed({ message: "no" }))
      const ref = yield* root.spawn(
        probe(
          [],
          "a",
          { readiness: "signalled", restart: "temporary" },
          Effect.andThen(Effect.yieldNow, begin)
        )
      )
      assert.strictEqual((yield* Effect.flip(ref.ready))._tag, "ActorStopped")
    }).pipe(withSystem)
  )
})

describe("watching", () => {
  it.effect("tells how the actor ended", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const endOf = Effect.fnUntraced(function* (order: Order) {
        const ref = yield* root.spawn(probe([], `on-${String(order)}`, { restart: "temporary" }))
        const watching = yield* Effect.forkChild(ref.ended)
        yield* ref.tell(order)
        return yield* Fiber.join(watching)
      })
      assert.deepStrictEqual(yield* endOf("end"), Exit.void)
      const failed = yield* endOf("fail")
      assert.isTrue(Exit.isFailure(failed) && Cause.hasFails(failed.cause))
      const died = yield* endOf("die")
      assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause))
    }).pipe(withSystem)
  )

  it.effect("does not take a restart for an end", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const journal: Journal = []
      const ref = yield* root.spawn(probe(journal, "a"))
      const watching = yield* Effect.forkChild(ref.ended)
      yield* ref.tell("fail")
      yield* advance("1 second")
      assert.deepStrictEqual(journal, ["+a", "-a", "+a"])
      assert.isUndefined(watching.pollUnsafe())
    }).pipe(withSystem)
  )
})

describe("an actor's code", () => {
  it.effect("gets services from where it was spawned, in each of its lives, and a scope of its own", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const seen: Array<string> = []
      const spawning = root.spawn({
        name: "a",
        run: Effect.fnUntraced(function* () {
          const store = yield* Store
          yield* Effect.addFinalizer(() => Effect.sync(() => seen.push(`close ${store.name}`)))
          seen.push(`open ${store.name}`)
          return yield* new Failed({ message: "again" })
        })
      })
      yield* Effect.provideService(spawning, Store, { name: "s" })
      yield* advance("200 millis")
      assert.deepStrictEqual(seen.slice(0, 4), ["open s", "close s", "open s", "close s"])
    }).pipe(withSystem)
  )

  it.effect("that throws before it returns an effect has failed too", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn({
        name: "a",
        restart: "temporary",
        run: (): Effect.Effect<void> => {
          throw new Error("thrown")
        }
      })
      const ended = yield* ref.ended
      assert.isTrue(Exit.isFailure(ended) && Result.isSuccess(Cause.findDefect(ended.cause)))
    }).pipe(withSystem)
  )
})

describe("asking", () => {
  type Question = {
    readonly reply: Reply<string, Error>
    readonly what: "answer" | "error" | "nothing" | "end"
  }
  const oracle = (capacity: number, overflow: "wait" | "reject" | "drop-oldest") => ({
    name: "oracle",
    restart: "temporary" as const,
    mailbox: { capacity, overflow },
    run: Effect.fnUntraced(function* (context: {
      readonly mailbox: { readonly take: Effect.Effect<Question, Cause.Done> }
    }) {
      while (true) {
        const { reply, what } = yield* context.mailbox.take
        if (what === "answer") yield* reply.succeed("42")
        if (what === "error") yield* reply.fail(new Error("ask something else"))
        if (what === "end") return
      }
    })
  })
  const question = (what: Question["what"]) => (reply: Reply<string, Error>) => ({ reply, what })

  it.effect("gives the first reply, and the error that the actor replied with", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn(oracle(10, "wait"))
      assert.strictEqual(yield* ref.ask(question("answer"), "1 second"), "42")
      const error = yield* Effect.flip(ref.ask(question("error"), "1 second"))
      assert.strictEqual(error.message, "ask something else")
    }).pipe(withSystem)
  )

  it.effect("fails at once when the actor ends before it replied", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn(oracle(10, "wait"))
      const unanswered = yield* Effect.forkChild(Effect.flip(ref.ask(question("nothing"), "1 hour")))
      const last = yield* Effect.flip(ref.ask(question("end"), "1 hour"))
      assert.strictEqual((yield* Fiber.join(unanswered)).message, "/oracle has stopped")
      assert.strictEqual(last.message, "/oracle has stopped")
      assert.strictEqual(
        (yield* Effect.flip(ref.ask(question("answer"), "1 hour"))).message,
        "/oracle has stopped"
      )
    }).pipe(withSystem)
  )

  it.effect("by the overflow policy: refused, or dropped by a newer message", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const deaf = (name: string, overflow: "reject" | "drop-oldest" | "wait") =>
        root.spawn<Question, never, never>({
          name,
          mailbox: { capacity: 1, overflow },
          stopDeadline: 0,
          run: () => Effect.never
        })
      const ask = question("answer")

      const rejecting = yield* deaf("rejecting", "reject")
      yield* Effect.forkChild(rejecting.ask(ask, "1 hour"))
      yield* Effect.yieldNow
      assert.strictEqual(
        (yield* Effect.flip(rejecting.ask(ask, "1 hour"))).message,
        "the mailbox of /rejecting is full"
      )

      const dropping = yield* deaf("dropping", "drop-oldest")
      const oldest = yield* Effect.forkChild(Effect.flip(dropping.ask(ask, "1 hour")))
      yield* Effect.yieldNow
      yield* Effect.forkChild(dropping.ask(ask, "1 hour"))
      assert.strictEqual((yield* Fiber.join(oldest)).message, "the mailbox of /dropping is full")

      const waiting = yield* deaf("waiting", "wait")
      yield* Effect.forkChild(waiting.ask(ask, "1 hour"))
      yield* Effect.yieldNow
      const late = yield* Effect.forkChild(Effect.flip(waiting.ask(ask, "1 second")))
      yield* advance("1 second")
      assert.strictEqual((yield* Fiber.join(late)).message, "/waiting did not reply within 1000 ms")
    }).pipe(withSystem)
  )

  it.effect("leaves nothing behind when the asker goes away", () =>
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const ref = yield* root.spawn(oracle(1, "wait"))
      const asking = yield* Effect.forkChild(ref.ask(question("nothing"), "1 hour"))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(asking)
      assert.strictEqual(yield* ref.ask(question("answer"), "1 second"), "42")
    }).pipe(withSystem)
  )
})
