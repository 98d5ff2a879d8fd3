import { assert, describe, it } from "@effect/vitest"
import { Pacer } from "../../src/ingest/Pacer.ts"

const total = 20_000_000

/** How often it rests while a stream of so many bytes per millisecond comes in pieces. */
const rests = (rate: number, piece: number): number => {
  let now = 0
  let count = 0
  const pacer = new Pacer(0)
  for (let sent = 0; sent < total; sent += piece) {
    now += piece / rate
    if (pacer.shouldRest(piece, () => now)) count++
  }
  return count
}

describe("Pacer", () => {
  it("lets a slow stream run", () => {
    assert.strictEqual(rests(5000, 1000), 0)
  })

  it("rests about every 128 KiB of a fast one", () => {
    assert.approximately(rests(50_000, 1000), total / 131_072, 12)
  })
})
