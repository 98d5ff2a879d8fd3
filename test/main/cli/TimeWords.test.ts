import { assert, it } from "@effect/vitest"
import { parseLength } from "../../../src/domain/Length.ts"
import { formatMicros } from "../../../src/domain/Micros.ts"
import { formatLength, parseTime } from "../../../src/main/cli/TimeWords.ts"

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const read = (text: string) => {
  const time = parseTime(text, now)
  return time === undefined ? undefined : formatMicros(time)
}

it("reads lengths of time", () => {
  assert.deepStrictEqual(
    ["90s", "15m", "1h30m", "2d", "1.5h", "0s"].map(parseLength),
    [90, 900, 5400, 172_800, 5400, 0]
  )
  for (const text of ["", "15", "m", "1w", "-5m", "5 m", "5m!"]) assert.isUndefined(parseLength(text), text)
})

it("reads times as people write them", () => {
  assert.strictEqual(read("now"), "2026-01-02T03:04:05.678000Z")
  assert.strictEqual(read("15m"), "2026-01-02T02:49:05.678000Z")
  assert.strictEqual(read("15m ago"), "2026-01-02T02:49:05.678000Z")
  assert.strictEqual(read("2026-01-01T00:00:00.000001+01:00"), "2025-12-31T23:00:00.000001Z")
  const local = new Date("2026-01-01T10:30:00").toISOString().slice(0, 19)
  assert.strictEqual(read("2026-01-01 10:30"), `${local}.000000Z`)
  assert.strictEqual(read("2026-01-01 10:30:00.5"), `${local}.500000Z`)
  for (const text of [
    "",
    "yesterday",
    "2026-13-01",
    "2026-02-30",
    "2026-02-30T00:00:00Z",
    "10:30",
    "2026-01-01T10"
  ])
    assert.isUndefined(read(text), text)
})

it("writes lengths of time", () => {
  assert.deepStrictEqual([0, 12.4, 65, 3720, 360_000].map(formatLength), [
    "0s",
    "12s",
    "1m 05s",
    "1h 02m",
    "100h 00m"
  ])
})
