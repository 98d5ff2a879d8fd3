import { assert, describe, it } from "@effect/vitest"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Sequence } from "../../src/replay/Sequence.ts"
import { at, transaction } from "./History.ts"

const orders = (n: number) => Array.from({ length: n }, () => "orders" as const)
const first = (chunks: ReadonlyArray<ArchivedChunk>): ArchivedChunk => {
  const [chunk] = chunks
  if (chunk === undefined) throw new Error("no chunk")
  return chunk
}

describe("Sequence", () => {
  it("follows transactions and their chunks", () => {
    const sequence = new Sequence({ seq: 1, ordinal: 0 })
    for (const chunk of [...transaction(1, at(1), orders(5), 2), ...transaction(2, at(2), orders(1))]) {
      assert.strictEqual(sequence.accept(chunk), chunk)
    }
    assert.deepStrictEqual(sequence.next, { seq: 3, ordinal: 0 })
    assert.isTrue(sequence.reached(3))
    assert.isFalse(sequence.reached(4))
  })

  it("sees a missing transaction and a missing chunk", () => {
    const sequence = new Sequence({ seq: 1, ordinal: 0 })
    const [a, , c] = transaction(1, at(1), orders(6), 2)
    assert.strictEqual(sequence.accept(first(transaction(2, at(2), orders(1)))), "gap")
    assert.isObject(sequence.accept(first([a, c].filter((chunk) => chunk !== undefined))))
    assert.strictEqual(c === undefined ? undefined : sequence.accept(c), "gap")
  })

  it("drops what it has seen, and cuts what it has seen in part", () => {
    const sequence = new Sequence({ seq: 1, ordinal: 2 })
    const whole = first(transaction(1, at(1), orders(5)))
    const rest = sequence.accept(whole)
    assert.deepInclude(rest, { seq: 1, firstOrdinal: 2, last: true })
    assert.strictEqual(sequence.accept(whole), "repeat")
    assert.deepStrictEqual(sequence.next, { seq: 2, ordinal: 0 })
  })

  it("takes a position behind a whole transaction for the start of the next", () => {
    const sequence = new Sequence({ seq: 4, ordinal: 3 })
    assert.isTrue(sequence.reached(5))
    const next = first(transaction(5, at(5), orders(2)))
    assert.strictEqual(sequence.accept(next), next)
    const repeated = new Sequence({ seq: 4, ordinal: 3 })
    assert.strictEqual(repeated.accept(first(transaction(4, at(4), orders(3)))), "repeat")
    assert.strictEqual(repeated.accept(next), next)
    assert.strictEqual(
      new Sequence({ seq: 4, ordinal: 3 }).accept(first(transaction(6, at(6), orders(1)))),
      "gap"
    )
  })

  it("does not take the start of a transaction for granted", () => {
    assert.strictEqual(
      new Sequence({ seq: 4, ordinal: 0 }).accept(first(transaction(5, at(5), orders(1)))),
      "gap"
    )
  })
})
