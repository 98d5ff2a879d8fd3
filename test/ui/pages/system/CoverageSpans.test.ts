import { expect, test } from "vitest"
import { axisOf, coveredOf, holesOf, missingOf } from "../../../../ui/src/pages/system/CoverageSpans.ts"

const at = (minute: number) => `2026-01-02T03:${String(minute).padStart(2, "0")}:00Z`
const millis = (minute: number) => Date.parse(at(minute))
const place = (minute: number) => ({ seq: 1, lsn: "0/1", time: at(minute) })
const coverage = (from: number | null, to: number | null) => ({
  first_seq: 1,
  next_seq: 2,
  from_time: from === null ? null : at(from),
  to_time: to === null ? null : at(to)
})
const held = {
  archive: { kind: "kafka" as const, coverage: coverage(0, 10) },
  live_buffer: { kind: "redis" as const, coverage: coverage(8, 10) },
  incarnations: [],
  holes: [
    { table: "public.a", missing: "changes" as const, from: null, until: place(5) },
    { table: "public.b", missing: "updates_and_deletes" as const, from: place(6), until: null }
  ]
}

test("the axis goes from the oldest that any store has until now", () => {
  const axis = axisOf(held, millis(10))
  expect(axis).toEqual({ from: millis(0), until: millis(10) })
  expect(
    axisOf({ ...held, archive: { ...held.archive, coverage: coverage(null, null) } }, millis(10))
  ).toEqual({
    from: millis(8),
    until: millis(10)
  })
})

test("a store covers its share, and one that holds nothing covers nothing", () => {
  const axis = { from: millis(0), until: millis(10) }
  expect(coveredOf(held.live_buffer.coverage, axis)).toEqual({ from: 0.8, until: 1 })
  expect(coveredOf(coverage(null, null), axis)).toBeNull()
})

test("holes without an end go on until now, those without a beginning start with the history", () => {
  const axis = { from: millis(0), until: millis(10) }
  expect(held.holes.map((hole) => missingOf(hole, axis))).toEqual([
    { from: 0, until: 0.5 },
    { from: 0.6, until: 1 }
  ])
  expect(holesOf(held)).toBe(2)
})
