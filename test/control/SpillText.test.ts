import { assert, it } from "@effect/vitest"
import type { SourceJson } from "../../src/control/api/SystemApi.ts"
import { examineInstance } from "../../src/control/doctor/ExamineInstance.ts"
import { spillText } from "../../src/control/SpillText.ts"
import { capturing } from "./SourceFixture.ts"

const spill = {
  file: "/data/spill.sqlite",
  since: "2026-01-01T00:00:00.000000Z",
  drains: false,
  transactions: 1200,
  bytes: 3 * 1024 * 1024,
  max_bytes: 1024 ** 3,
  message: null
} satisfies SourceJson["spill"]

it("a spill is told while it leads, in each of its states", () => {
  assert.isNull(spillText({ spill: null }))
  assert.isNull(spillText({ spill: { ...spill, since: null } }))
  const leads = spillText({ spill }) ?? ""
  for (const part of [
    "since 2026-01-01T00:00:00.000000Z",
    "1200 transactions",
    "3.0 MiB",
    "1024.0 MiB",
    spill.file
  ]) {
    assert.include(leads, part)
  }
  assert.include(spillText({ spill: { ...spill, drains: true } }) ?? "", "the archive is back")
  assert.include(
    spillText({ spill: { ...spill, message: "it is another's" } }) ?? "",
    "cannot be drained: it is another's"
  )
})

it("doctor warns while it leads, and tells while it is drained", () => {
  const codes = (spill: SourceJson["spill"]) =>
    examineInstance({ source: { ...capturing, spill }, holes: [], gaps: [], jobs: [] }).map(
      ({ code, severity }) => `${severity} ${code}`
    )
  assert.deepStrictEqual(codes({ ...spill, since: null }), [])
  assert.deepStrictEqual(codes(spill), ["warning spilling"])
  assert.deepStrictEqual(codes({ ...spill, drains: true }), ["info spill_drains"])
})
