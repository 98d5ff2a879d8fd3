import { assert, it } from "@effect/vitest"
import type { Incarnation } from "../../src/domain/Log.ts"
import { historyName, historyParts, isHeld } from "../../src/replay/HistoryName.ts"

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

it("is another one where the archive gives numbers again, until it does once more", () => {
  const second: Incarnation = { ...life, number: 2, firstSeq: 31, startLsn: 99n, reusesNumbers: true }
  const third: Incarnation = { ...life, number: 3, firstSeq: 50, startLsn: 120n }
  const fourth: Incarnation = { ...second, number: 4, firstSeq: 70, startLsn: 150n }
  const names = [[life], [life, second], [life, second, third], [life, second, third, fourth]].map((lives) =>
    historyName("shop", lives)
  )
  assert.strictEqual(new Set(names).size, 3)
  assert.strictEqual(names[1], names[2])
  assert.deepStrictEqual(
    historyParts("shop", [life, second, third, fourth]).map(({ name, firstSeq }) => [name, firstSeq]),
    [
      [names[0], 1],
      [names[1], 31],
      [names[3], 70]
    ]
  )
})

it("a range that was pinned under the former name is held as far as its numbers are the same", () => {
  const next: Incarnation = { ...life, number: 2, firstSeq: 31, startLsn: 99n, reusesNumbers: true }
  const former = historyName("shop", [life])
  const parts = historyParts("shop", [life, next])
  assert.isTrue(isHeld(parts, former, { start: 1, end: 31 }))
  assert.isFalse(isHeld(parts, former, { start: 1, end: 32 }))
  assert.isFalse(isHeld(parts, former, { start: 1, end: null }))
  assert.isTrue(isHeld(parts, historyName("shop", [life, next]), { start: 1, end: null }))
  assert.isFalse(isHeld(parts, "another", { start: 1, end: 2 }))
})
