import { describe, expect, it } from "vitest"
import {
  bytes,
  count,
  duration,
  missing,
  percent,
  plural,
  rate,
  short,
  speed
} from "../../../ui/src/lib/Numbers.ts"

describe("numbers as people read them", () => {
  it("what is not known is a dash, never a zero", () => {
    for (const write of [count, rate, bytes, duration, percent, speed]) {
      expect(write(null)).toBe(missing)
      expect(write(undefined)).toBe(missing)
      expect(write(Number.NaN)).toBe(missing)
      expect(write(0)).not.toBe(missing)
    }
  })

  it.each([
    [0.0004, "< 1 ms"],
    [0.0031, "3.1 ms"],
    [0.25, "250 ms"],
    [1.24, "1.2 s"],
    [59.6, "1 min"],
    [258, "4 min 18 s"],
    [3600, "1 h"],
    [7505, "2 h 5 min"],
    [1_648_800, "19 d 2 h"]
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text))

  it.each([
    [310, "310 B"],
    [48_200_000, "48.2 MB"],
    [999_600_000, "1000 MB"],
    [20_000_000_000, "20.0 GB"]
  ])("%d bytes are %s", (size, text) => expect(bytes(size)).toBe(text))

  it("nothing is all done before it is, nor none when some is", () => {
    expect(percent(0.9999)).toBe("99.9 %")
    expect(percent(0.004)).toBe("< 1 %")
    expect(percent(0.629)).toBe("62 %")
    expect(percent(1)).toBe("100 %")
  })

  it("rates keep digits only where they say something", () => {
    expect(rate(8412.4)).toBe("8,412")
    expect(rate(98.76)).toBe("98.8")
    expect(rate(0.1234)).toBe("0.12")
    expect(short(12_400)).toBe("12k")
    expect(speed(4)).toBe("4×")
    expect(speed("max")).toBe("max")
    expect(plural(1, "change")).toBe("1 change")
    expect(plural(2004, "change")).toBe("2,004 changes")
  })
})
