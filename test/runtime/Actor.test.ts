import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { handler } from "../../src/runtime/Actor.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import type { Reply } from "../../src/runtime/Reply.ts"
import { advance } from "./Probe.ts"

type Counting =
  | { readonly _tag: "Add"; readonly amount: number }
  | { readonly _tag: "Total"; readonly reply: Reply<number> }
  | { readonly _tag: "Break" }
  | { readonly _tag: "Silence"; readonly reply: Reply<number> }

const counter = handler({
  name: "counter",
  initial: () => Effect.succeed(0),
  handle: (total, message: Counting) => {
    switch (message._tag) {
      case "Add":
        return Effect.succeed(total + message.amount)
      case "Total":
        return Effect.as(message.reply.succeed(total), total)
      case "Break":
        return Effect.die(new Error("broken on purpose"))
      case "Silence":
        return Effect.succeed(total)
    }
  }
})

const total = (reply: Reply<number>): Counting => ({ _tag: "Total", reply })

describe("an actor", () => {
  it.effect("handles tells in order and replies to asks", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const ref = yield* system.root.spawn(counter)
      yield* ref.tell({ _tag: "Add", amount: 2 })
      yield* ref.tell({ _tag: "Add", amount: 3 })
      assert.strictEqual(yield* ref.ask<number>(total, "1 second"), 5)
      yield* ref.stop
      assert.deepStrictEqual(yield* ref.ended, Exit.void)
      const after = yield* Effect.flip(ref.tell({ _tag: "Add", amount: 1 }))
      assert.strictEqual(after._tag, "ActorStopped")
    }).pipe(Effect.provide(ActorSystem.layer))
  )

  it.effect("fails an ask at its deadline", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const ref = yield* system.root.spawn(counter)
      const asking = yield* ref
        .ask<number>((reply) => ({ _tag: "Silence", reply }), "1 second")
        .pipe(Effect.flip, Effect.forkChild)
      yield* advance("999 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* advance("1 millis")
      assert.strictEqual((yield* Fiber.join(asking))._tag, "AskTimeout")
    }).pipe(Effect.provide(ActorSystem.layer))
  )

  it.effect("survives a defect: the question in hand is lost, the mailbox is kept", () =>
    Effect.gen(function* () {
      const system = yield* ActorSystem
      const ref = yield* system.root.spawn(counter)
      const lost = yield* ref
        .ask<number>((reply) => ({ _tag: "Silence", reply }), "1 hour")
        .pipe(Effect.flip, Effect.forkChild)
      yield* Effect.yieldNow
      yield* ref.tell({ _tag: "Break" })
      yield* ref.tell({ _tag: "Add", amount: 7 })
      const answer = yield* Effect.forkChild(ref.ask<number>(total, "1 hour"))
      assert.strictEqual((yield* Fiber.join(lost))._tag, "ActorRestarted")
      yield* advance("1 second")
      assert.strictEqual(yield* Fiber.join(answer), 7)
      const node = (yield* system.tree).children[0]
      assert.strictEqual(node?.restarts, 1)
      assert.match(node?.lastError ?? "", /^defect: broken on purpose, at handle Actor\.test\.ts/)
    }).pipe(Effect.provide(ActorSystem.layer))
  )

  it.effect("ends with its system, finalizers run", () =>
    Effect.gen(function* () {
      const released = yield* Deferred.make<string>()
      yield* Effect.gen(function* () {
        const system = yield* ActorSystem
        const ref = yield* system.root.spawn({
          name: "loop",
          readiness: "signalled",
          run: (context) =>
            Effect.gen(function* () {
              yield* Effect.addFinalizer(() => Deferred.succeed(released, context.path))
              yield* context.ready
              return yield* Effect.never
            })
        })
        yield* ref.ready
      }).pipe(Effect.provide(ActorSystem.layer))
      assert.strictEqual(yield* Deferred.await(released), "/loop")
    })
  )
})
