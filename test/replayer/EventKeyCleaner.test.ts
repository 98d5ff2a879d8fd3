import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { TargetError } from "../../src/replay/TargetError.ts"
import { eventKeyCleaner } from "../../src/replayer/EventKeyCleaner.ts"
import { ReplayEvents } from "../../src/replayer/ReplayEvents.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

it.effect("looks at every target at the start and then each hour, and goes on past one that is away", () =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    let full = 2
    const events = Layer.succeed(ReplayEvents, {
      targets: ["away", "there"],
      apply: () => Effect.die(new Error("nothing is applied here")),
      expire: (target, most) =>
        Effect.suspend(() => {
          asked.push(target)
          if (target === "away")
            return Effect.fail(new TargetError({ target, reason: { _tag: "Unavailable", detail: "away" } }))
          return Effect.succeed(full-- > 0 ? most : 1)
        })
    })
    yield* Layer.build(
      eventKeyCleaner({ everyMillis: 3_600_000 }).pipe(Layer.provide([events, ActorSystem.layer]))
    )
    yield* TestClock.adjust(0)
    // Full handfuls are followed by another at once.
    assert.deepStrictEqual(asked, ["away", "there", "there", "there"])
    yield* TestClock.adjust("59 minutes")
    assert.lengthOf(asked, 4)
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(asked.slice(4), ["away", "there"])
  })
)
