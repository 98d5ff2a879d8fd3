import { assert, describe, it } from "@effect/vitest"
import { slotDanger, slotDangerText, timeLeft } from "../../src/control/SlotDanger.ts"

const of = (seconds: number | null, advances: boolean | null, status = "extended") => ({
  slot: "s",
  seconds_until_lost: seconds,
  slot_advancing: advances,
  wal_status: status
})

describe("the danger that a slot is in", () => {
  it("grows as the time that is left gets short, and is less while the slot moves along", () => {
    const grades = [null, 7200, 3599, 599, 0].map((seconds) => slotDanger(of(seconds, false)))
    assert.deepStrictEqual(grades, ["none", "none", "look", "act", "act"])
    assert.deepStrictEqual(
      [null, 7200, 3599, 599].map((seconds) => slotDanger(of(seconds, true))),
      ["none", "none", "none", "look"]
    )
    assert.strictEqual(slotDanger(of(3599, null)), "look")
    assert.strictEqual(slotDanger(of(null, true, "unreserved")), "act")
  })

  it("is told in words", () => {
    assert.isNull(slotDangerText(of(null, null)))
    assert.include(slotDangerText(of(500, false)), "is lost in 8 min")
    assert.include(slotDangerText(of(500, true)), "away for 8 min")
    assert.include(slotDangerText(of(0, true)), "next checkpoint")
    assert.deepStrictEqual([45.9, 119, 7199, 9000, 400_000].map(timeLeft), [
      "45 s",
      "119 s",
      "119 min",
      "2.5 h",
      "4 days"
    ])
  })
})
