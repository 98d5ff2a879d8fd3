import { assert, it } from "@effect/vitest"
import { standbyStatus } from "../../src/ingest/StandbyStatus.ts"

it("a standby status says one position three times, and the time since 2000", () => {
  const position = "00000016b374d848"
  assert.strictEqual(
    standbyStatus(0x16b374d848n, 946_684_801_000, true).toString("hex"),
    `72${position.repeat(3)}00000000000f424001`
  )
})
