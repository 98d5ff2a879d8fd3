import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { grantRestart, noRestarts, type RestartHistory } from "../../src/runtime/RestartIntensity.ts"

const Between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Gaps = Schema.Array(Between(0, 40)).check(Schema.isMaxLength(60))

describe("RestartIntensity", () => {
  it("counts a restart until it is a whole period old", () => {
    const intensity = { restarts: 2, periodMillis: 1000 }
    const one = grantRestart(intensity, noRestarts, 0)
    const two = grantRestart(intensity, one ?? [], 999)
    assert.deepStrictEqual(two, [0, 999])
    assert.isUndefined(grantRestart(intensity, two ?? [], 999))
    assert.deepStrictEqual(grantRestart(intensity, two ?? [], 1000), [999, 1000])
  })

  it("grants nothing where no restarts are permitted", () => {
    assert.isUndefined(grantRestart({ restarts: 0, periodMillis: 1000 }, noRestarts, 5))
  })

  it.prop(
    "grants exactly when fewer than that many were granted within the period, whatever came before",
    [Gaps, Between(0, 5), Between(1, 100)],
    ([gaps, restarts, periodMillis]) => {
      const granted: Array<number> = []
      let history: RestartHistory = noRestarts
      let now = 0
      for (const gap of gaps) {
        now += gap
        const at = now
        const within = granted.filter((time) => time > at - periodMillis).length
        const next = grantRestart({ restarts, periodMillis }, history, now)
        assert.strictEqual(next !== undefined, within < restarts, `at ${now}`)
        if (next === undefined) continue
        granted.push(now)
        history = next
        assert.isAtMost(history.length, restarts, "the history stays bounded")
      }
    }
  )
})
