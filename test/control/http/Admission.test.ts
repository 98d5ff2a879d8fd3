import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Admission } from "../../../src/control/http/Admission.ts"
import { caller } from "../../../src/control/http/Caller.ts"
import { layerMemoryLimiter } from "../../../src/control/limits/MemoryLimiter.ts"
import { noRateLimits } from "../../../src/control/limits/RateLimits.ts"

const layer = Admission.layer({ ...noRateLimits, address: 30 }).pipe(Layer.provide(layerMemoryLimiter))

it.effect(
  "of an address that has used up its own no credential is looked at, until there is a token again",
  () =>
    Effect.gen(function* () {
      const admission = yield* Admission
      const who = yield* caller
      let looked = 0
      const look = Effect.sync(() => {
        looked += 1
        return HttpServerResponse.empty()
      })
      const askFrom = (address: string) =>
        admission.unlessEmpty(look).pipe(
          Effect.map(({ status }) => status),
          Effect.provideService(caller, { ...who, address })
        )
      const spend = Effect.provideService(
        admission.ofAddress(Effect.succeed(HttpServerResponse.empty())),
        caller,
        {
          ...who,
          address: "203.0.113.1"
        }
      )
      assert.strictEqual(yield* askFrom("203.0.113.1"), 204)
      for (let i = 0; i < 31; i++) yield* spend
      assert.strictEqual(yield* askFrom("203.0.113.1"), 429)
      assert.strictEqual(looked, 1)
      assert.strictEqual(yield* askFrom("203.0.113.2"), 204)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* askFrom("203.0.113.1"), 204)
      assert.strictEqual(looked, 3)
    }).pipe(Effect.provide(layer))
)
