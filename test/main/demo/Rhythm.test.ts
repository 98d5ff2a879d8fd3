import { assert, describe, it } from "@effect/vitest"
import { gap, intensity } from "../../../src/main/demo/Rhythm.ts"

describe("the shop's rhythm", () => {
  const minutes = 47 * 13 * 1000
  const samples = Array.from({ length: 50_000 }, (_, i) => intensity((i * minutes) / 50_000))

  it("is the asked-for rate on average", () => {
    const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length
    assert.closeTo(mean, 1, 0.01)
  })

  it("has bursts and quiet moments", () => {
    assert.isAbove(Math.max(...samples), 2.5)
    assert.isBelow(Math.min(...samples), 0.3)
  })

  it("waits for a positive, finite time", () => {
    assert.strictEqual(gap(0, 30, 0), 0)
    assert.isAbove(gap(0, 30, 0.5), 0)
    assert.isTrue(Number.isFinite(gap(12_345, 30, 0.999_999_999)))
  })
})
