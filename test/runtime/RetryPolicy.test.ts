import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schedule } from "effect"
import { exponentialBackoff } from "../../src/runtime/RetryPolicy.ts"

describe("exponentialBackoff", () => {
  it.effect("doubles up to the cap, give or take a fifth", () =>
    Effect.gen(function* () {
      const step = yield* Schedule.toStep(exponentialBackoff({ base: "100 millis", cap: "1 second" }))
      for (const expected of [100, 200, 400, 800, 1000, 1000, 1000]) {
        const [, delay] = yield* step(0, undefined)
        const millis = Duration.toMillis(delay)
        assert.isAtLeast(millis, expected * 0.8)
        assert.isAtMost(millis, expected * 1.2)
      }
    })
  )
})
