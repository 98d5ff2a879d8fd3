import { describe, expect, it } from "vitest"
import type { SourceJson } from "../../../src/control/api/SystemApi.ts"
import { areaPath, linePath, niceTop } from "../../../ui/src/pages/overview/ChartPaths.ts"
import { checksOf } from "../../../ui/src/pages/overview/Checks.ts"
import { verdictOf } from "../../../ui/src/pages/overview/Verdict.ts"
import { capturing } from "../../control/SourceFixture.ts"

const source: SourceJson = { ...capturing, demo: false }
const looked = (change: Partial<SourceJson>) =>
  checksOf({ source: { ...source, ...change }, ready: undefined, metrics: null, sections: undefined })

describe("what is looked at", () => {
  it("all in order, and the first sentence says so", () => {
    expect(looked({}).every(({ tone }) => tone === "ok")).toBe(true)
    expect(verdictOf(source, null, looked({}))).toEqual({
      title: "Everything is flowing",
      text: "Nothing needs you at the moment."
    })
  })

  it("the worst is first, with its fix", () => {
    const stopped = { phase: "stopped" as const, message: "the slot is gone", fix: "SELECT 1" }
    const [first, ...rest] = looked({ ...stopped, slot_advancing: false })
    expect(first).toMatchObject({ tone: "bad", cause: "the slot is gone", fix: "SELECT 1" })
    expect(rest[0]?.tone).toBe("warn")
    const verdict = verdictOf({ ...source, ...stopped }, null, looked({ ...stopped, slot_advancing: false }))
    expect(verdict.title).toBe("Capture has stopped")
    expect(verdict.text).toContain("the slot is gone. And 1 more")
  })

  it("a slot that is connected and does not move is told of", () => {
    expect(looked({ slot_advancing: false, retained_bytes: 67e9 })[0]).toMatchObject({
      id: "slot",
      tone: "warn",
      cause: expect.stringContaining("67.0 GB")
    })
    expect(looked({ slot_advancing: false, seconds_until_lost: 300 })[0]?.tone).toBe("bad")
    expect(looked({ wal_status: "lost" })[0]?.tone).toBe("bad")
    expect(looked({ slot_advancing: null }).find(({ id }) => id === "slot")?.tone).toBe("idle")
  })

  it("notes of the doctor are no checks, its warnings are", () => {
    const finding = (severity: "info" | "warning") => ({ severity, code: "x", message: "m", fix: null })
    const sections = [{ part: "source", findings: [finding("info"), finding("warning")], skipped: null }]
    const found = checksOf({ source: undefined, ready: undefined, metrics: null, sections })
    expect(found.map(({ tone, title }) => [tone, title])).toEqual([["warn", "source: m"]])
  })
})

describe("a chart's lines", () => {
  it("what is not known is a gap", () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: x === 2 ? null : 5 }))
    expect(linePath(points, 12)).toBe("M0 5L1 5M3 5")
    expect(
      linePath(
        [
          { x: 0, y: 1 },
          { x: 100, y: 1 }
        ],
        12
      )
    ).toBe("M0 1M100 1")
    expect(areaPath(points.slice(0, 2), 12, 9)).toBe("M0 5L1 5L1 9L0 9Z")
    expect(linePath([], 12)).toBe("")
  })

  it("its top is round and not below", () => {
    for (const value of [1, 3, 8, 9, 42, 8412]) expect(niceTop(value)).toBeGreaterThanOrEqual(value)
    expect(niceTop(8412)).toBe(10_000)
    expect(niceTop(42)).toBe(80)
  })
})
