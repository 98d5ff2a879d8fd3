import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { troubleOf } from "../../src/control/Trouble.ts"

it.effect("a check has a second, also one that takes its time to let go", () =>
  Effect.gen(function* () {
    assert.isNull(yield* troubleOf(Effect.succeed(1)))
    assert.strictEqual(yield* troubleOf(Effect.fail("a word of the server's")), "does not answer")

    const letGo = yield* Deferred.make<void>()
    const hangs = Effect.onInterrupt(Effect.never, () =>
      Effect.andThen(Effect.sleep("5 seconds"), Deferred.succeed(letGo, undefined))
    )
    const asked = yield* Effect.forkChild(troubleOf(hangs), { startImmediately: true })
    yield* TestClock.adjust("1 second")
    assert.strictEqual(yield* Fiber.join(asked), "does not answer within a second")
    yield* TestClock.adjust("5 seconds")
    yield* Deferred.await(letGo)
  })
)
