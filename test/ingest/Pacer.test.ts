import { assert, describe, it } from "@effect/vitest"
import { fullRead, Pacer } from "../../src/ingest/Pacer.ts"

/** How often it rests while a stream of so many bytes per millisecond comes in reads of a size, of so many. */
const rests = (rate: number, read: number, reads = 1000): number => {
  let now = 0
  let count = 0
  const pacer = new Pacer(0)
  for (let i = 0; i < reads; i++) {
    now += read / rate
    if (pacer.shouldRest(read, now)) count++
  }
  return count
}

describe("Pacer", () => {
  it("lets a slow stream run", () => {
    assert.strictEqual(rests(5000, 1000), 0)
  })

  it("rests after each read of a fast one that leaves nothing", () => {
    // What comes in the first 20 ms says how fast it is.
    assert.approximately(rests(50_000, 10_000), 900, 1)
  })

  it("does not rest while there is more to read", () => {
    assert.strictEqual(rests(50_000, fullRead), 0)
  })

  it("runs again when the stream has become slow", () => {
    const pacer = new Pacer(0)
    assert.isFalse(pacer.shouldRest(1_000_000, 19))
    assert.isTrue(pacer.shouldRest(1000, 20))
    assert.isTrue(pacer.shouldRest(1000, 39))
    assert.isFalse(pacer.shouldRest(1000, 40))
  })
})
