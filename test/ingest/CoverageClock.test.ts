import { assert, describe, it } from "@effect/vitest"
import { CoverageClock } from "../../src/ingest/CoverageClock.ts"

describe("CoverageClock", () => {
  it("proves a time when the frontier has passed the place, less a second", () => {
    const clock = new CoverageClock()
    clock.observe(5000n, 10_000_000)
    clock.observe(9000n, 20_000_000)
    assert.isNull(clock.reached(4999n))
    assert.strictEqual(clock.reached(5000n), 9_000_000)
    assert.strictEqual(clock.reached(6000n), 9_000_000)
    assert.strictEqual(clock.reached(9000n), 19_000_000)
  })

  it("takes a place just behind a page's header for the page's start", () => {
    const clock = new CoverageClock()
    clock.observe(8192n + 24n, 10_000_000)
    assert.strictEqual(clock.reached(8192n), 9_000_000)
  })
})
