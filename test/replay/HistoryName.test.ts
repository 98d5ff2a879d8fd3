import { assert, it } from "@effect/vitest"
import type { Incarnation } from "../../src/domain/Log.ts"
import { historyName } from "../../src/replay/HistoryName.ts"

const life: Incarnation = {
  number: 1,
  systemIdentifier: "7001",
  timeline: 1,
  database: "app",
  slot: "walstream_slot",
  firstSeq: 1,
  startLsn: 0x1_0000_0010n,
  gap: null
}

it("stays through all lives of a history, and is another for another history of the same source", () => {
  const name = historyName("shop", [life])
  assert.strictEqual(name, "shop@7001/walstream_slot/1/10")
  assert.strictEqual(historyName("shop", [life, { ...life, number: 2, startLsn: 99n }]), name)
  assert.notStrictEqual(historyName("shop", [{ ...life, startLsn: 99n }]), name)
})
