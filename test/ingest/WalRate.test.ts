import { assert, describe, it } from "@effect/vitest"
import { WalRate } from "../../src/ingest/WalRate.ts"

const mebibyte = 1024n * 1024n

/** Looks once a second: WAL grows by `written` each, the slot follows by `released`. */
const watched = (seconds: number, written: bigint, released: bigint, rate = new WalRate(), from = 0) => {
  for (let i = 0; i <= seconds; i++) {
    const passed = BigInt(from + i)
    rate.observe({
      at: (from + i) * 1000,
      end: 1000n * mebibyte + passed * written,
      restart: passed * released
    })
  }
  return rate
}

describe("WalRate", () => {
  it("knows nothing at first, and says so", () => {
    const rate = watched(3, mebibyte, 0n)
    assert.isNull(rate.bytesPerSecond)
    assert.isNull(rate.advances)
    assert.isNull(rate.secondsUntilLost(1000))
  })

  it("tells the time that is left at the present rate", () => {
    const rate = watched(60, mebibyte, 0n)
    assert.closeTo(rate.bytesPerSecond ?? 0, Number(mebibyte), 1)
    assert.closeTo(rate.secondsUntilLost(Number(600n * mebibyte)) ?? 0, 600, 0.1)
    assert.strictEqual(rate.secondsUntilLost(-1), 0)
  })

  it("has no time to tell where nothing bounds the slot, or nothing is written", () => {
    assert.isNull(watched(60, mebibyte, 0n).secondsUntilLost(null))
    const idle = watched(60, 0n, 0n)
    assert.isNull(idle.secondsUntilLost(1000))
    assert.isTrue(idle.advances)
  })

  it("goes by the last minutes, not by what was before", () => {
    const rate = watched(3600, mebibyte, 0n)
    const last = 1000n * mebibyte + 3600n * mebibyte
    for (let i = 1; i <= 200; i++) rate.observe({ at: (3600 + i) * 1000, end: last, restart: 0n })
    assert.isNull(rate.secondsUntilLost(1000))
  })

  it("tells a slot that follows from one that stands", () => {
    assert.isTrue(watched(60, mebibyte, mebibyte).advances)
    assert.isNull(watched(30, mebibyte, 0n).advances)
    assert.isFalse(watched(90, mebibyte, 0n).advances)
  })

  it("begins anew with another server, and without a slot", () => {
    const rate = watched(90, mebibyte, 0n)
    rate.observe({ at: 91_000, end: 5n, restart: 0n })
    assert.isNull(rate.bytesPerSecond)
    const cleared = watched(90, mebibyte, 0n)
    cleared.clear()
    assert.isNull(cleared.secondsUntilLost(1000))
  })

  it("rates alike however often it looks", () => {
    const rate = new WalRate()
    for (let i = 0; i <= 1000; i++)
      rate.observe({ at: i * 100, end: BigInt(i) * (mebibyte / 10n), restart: 0n })
    assert.closeTo((rate.bytesPerSecond ?? 0) / Number(mebibyte), 1, 0.01)
    assert.isFalse(rate.advances)
  })
})
