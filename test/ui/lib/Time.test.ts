import { describe, expect, it } from "vitest"
import {
  dayText,
  inputText,
  isoText,
  isZone,
  minuteText,
  momentText,
  parseInput,
  preciseText,
  rangeText,
  relativeText
} from "../../../ui/src/lib/Time.ts"

const at = new Date("2026-11-22T14:32:07.409Z")
const berlin = "Europe/Berlin"

describe("times in the reader's zone", () => {
  it("say as much of the date as is not today's", () => {
    expect(momentText(at, "utc", new Date("2026-11-22T20:00:00Z"))).toBe("14:32:07")
    expect(momentText(at, "utc", new Date("2026-11-23T20:00:00Z"))).toBe("Nov 22, 14:32")
    expect(momentText(at, "utc", new Date("2027-01-02T20:00:00Z"))).toBe("Nov 22 2026, 14:32")
    expect(momentText(new Date("2026-11-22T23:30:00Z"), berlin, new Date("2026-11-23T08:00:00Z"))).toBe(
      "00:30:00"
    )
  })

  it("midnight is 00, not 24", () => {
    expect(minuteText(new Date("2026-11-22T00:00:00Z"), "utc")).toBe("00:00")
    expect(preciseText(at, berlin)).toBe("15:32:07.409")
    expect(dayText(at, "utc")).toBe("Nov 22")
  })

  it("a range says its day once", () => {
    const end = new Date("2026-11-22T15:17:00Z")
    expect(rangeText(at, end, "utc")).toBe("Nov 22, 14:32 – 15:17")
    expect(rangeText(at, new Date("2026-11-23T01:00:00Z"), "utc")).toBe("Nov 22, 14:32 – Nov 23, 01:00")
    expect(rangeText(at, new Date(at.getTime() + 5_000), "utc")).toBe("Nov 22, 14:32:07 – 14:32:12")
  })

  it("copied, they are whole: every decimal, and the offset", () => {
    expect(isoText("2026-11-22T14:32:07.409118Z", berlin)).toBe("2026-11-22T15:32:07.409118+01:00")
    expect(isoText("2026-07-22T14:32:07.409118Z", berlin)).toBe("2026-07-22T16:32:07.409118+02:00")
    expect(isoText("2026-11-22T14:32:07.409118Z", "utc")).toBe("2026-11-22T14:32:07.409118Z")
    expect(isoText("2026-11-22T14:32:07Z", "Asia/Kolkata")).toBe("2026-11-22T20:02:07+05:30")
    expect(isoText("no time", "utc")).toBe("no time")
  })

  it("what is typed is read back as it was shown, over a change of the clocks, too", () => {
    for (const zone of ["utc", berlin, "America/New_York", "Asia/Kolkata"]) {
      for (const text of ["2026-11-22T14:32:07Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:01Z"]) {
        const shown = inputText(new Date(text), zone)
        expect(parseInput(shown, zone)?.toISOString(), `${shown} ${zone}`).toBe(new Date(text).toISOString())
      }
    }
  })

  it("a pasted time keeps its own offset", () => {
    expect(parseInput("2026-11-22T15:32:07+01:00", "utc")?.toISOString()).toBe("2026-11-22T14:32:07.000Z")
    expect(parseInput(" 2026-11-22 14:32 ", "utc")?.toISOString()).toBe("2026-11-22T14:32:00.000Z")
    for (const wrong of ["", "yesterday", "2026-13-01 00:00", "14:32"])
      expect(parseInput(wrong, "utc")).toBeUndefined()
  })

  it("ago and ahead", () => {
    expect(relativeText(at, new Date(at.getTime() + 400))).toBe("just now")
    expect(relativeText(at, new Date(at.getTime() + 42_900))).toBe("42 s ago")
    expect(relativeText(at, new Date(at.getTime() - 300_000))).toBe("in 5 min")
    expect(isZone(berlin)).toBe(true)
    expect(isZone("Europe/Bielefeld")).toBe(false)
  })
})
