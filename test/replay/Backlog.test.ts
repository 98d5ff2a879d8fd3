import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { everything, makeFilter } from "../../src/domain/Filter.ts"
import { comparePosition, origin, type Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Backlog, type BacklogLimits, defaultLimits, outerPosition } from "../../src/replay/Backlog.ts"
import { Dice } from "../log/Dice.ts"
import { at, transaction } from "./History.ts"

const limits: BacklogLimits = { batchChanges: 8, batchBytes: 1e9, wholeChanges: 20 }
const ids = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<string> =>
  chunks.flatMap((chunk) => chunk.changes.map((_, i) => `${chunk.seq}:${chunk.firstOrdinal + i}`))
const orders = (n: number) => Array.from({ length: n }, () => "orders" as const)
const always = () => true

const fill = (backlog: Backlog, chunks: ReadonlyArray<ArchivedChunk>): void => {
  for (const chunk of chunks) assert.isTrue(backlog.push(chunk, 0))
}

describe("Backlog", () => {
  it("groups small transactions up to the batch's size, and cuts between them", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, everything, limits)
    fill(
      backlog,
      [1, 2, 3, 4].flatMap((seq) => transaction(seq, at(seq), orders(3)))
    )
    const batch = backlog.take(always)
    assert.strictEqual(batch?.changes, 6)
    assert.strictEqual(batch?.transactions, 2)
    assert.deepStrictEqual(batch?.until.position, { seq: 2, ordinal: 2 })
  })

  it("keeps a transaction whole beyond the batch's size, and parts only a larger one", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, everything, limits)
    fill(backlog, [...transaction(1, at(1), orders(19), 5), ...transaction(2, at(2), orders(45), 5)])
    fill(backlog, transaction(3, at(3), orders(1)))
    assert.strictEqual(backlog.take(always)?.changes, 19)
    const parts = [1, 2, 3, 4].map(() => {
      const taken = backlog.take(always)
      return [taken?.until.position, taken?.goesOn]
    })
    assert.deepStrictEqual(parts, [
      [{ seq: 2, ordinal: 19 }, true],
      [{ seq: 2, ordinal: 39 }, true],
      [{ seq: 2, ordinal: 44 }, false],
      [{ seq: 3, ordinal: 0 }, false]
    ])
    assert.isUndefined(backlog.take(always))
  })

  it("gives nothing of a transaction that has not come whole", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, everything, limits)
    const [a, b] = transaction(1, at(1), orders(4), 2)
    fill(backlog, a === undefined ? [] : [a])
    assert.isUndefined(backlog.peek())
    assert.isFalse(backlog.isFull)
    fill(backlog, b === undefined ? [] : [b])
    assert.strictEqual(backlog.take(always)?.changes, 4)
  })

  it("passes over what is not wanted without room for it, however long", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, makeFilter(["shop.stock"], null), limits)
    for (let seq = 1; seq <= 1000; seq++) fill(backlog, transaction(seq, at(seq), orders(10), 3))
    assert.strictEqual(backlog.changes, 0)
    assert.isFalse(backlog.isFull)
    const passed = backlog.take(() => false)
    assert.deepStrictEqual(passed?.chunks, [])
    assert.deepStrictEqual(passed?.until.position, { seq: 1000, ordinal: 9 })
    assert.strictEqual(passed === undefined ? "" : outerPosition(passed.until), "000000000003E800-0000000009")
    assert.isUndefined(backlog.take(() => false))
  })

  it("refuses what leaves a hole", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, everything, limits)
    const [chunk] = transaction(2, at(2), orders(1))
    assert.isFalse(chunk === undefined ? undefined : backlog.push(chunk, 0))
  })

  it("bounds a batch by bytes", () => {
    const backlog = new Backlog({ seq: 1, ordinal: 0 }, everything, { ...defaultLimits, batchBytes: 500 })
    fill(
      backlog,
      [1, 2, 3].flatMap((seq) => transaction(seq, at(seq), orders(2)))
    )
    assert.strictEqual(backlog.take(always)?.transactions, 2)
  })

  it.prop(
    "every wanted change comes once, in order, and batches follow each other, however it is cut",
    [Schema.Int],
    ([seed]) => {
      const dice = new Dice(seed)
      const filter = dice.pick([
        everything,
        makeFilter(["shop.stock"], null),
        makeFilter(["shop.none"], null)
      ])
      const chunks: Array<ArchivedChunk> = []
      for (let seq = 1; seq <= 30; seq++) {
        const tables = Array.from({ length: 1 + dice.below(dice.oneIn(5) ? 50 : 6) }, () =>
          dice.oneIn(3) ? ("stock" as const) : ("orders" as const)
        )
        chunks.push(...transaction(seq, at(seq), tables, 1 + dice.below(9)))
      }
      const wanted = chunks.flatMap((chunk) =>
        chunk.changes.flatMap((change, i) =>
          change.op === "insert" && (filter.tables?.has(`shop.${change.relation.name}`) ?? true)
            ? [`${chunk.seq}:${chunk.firstOrdinal + i}`]
            : []
        )
      )
      const backlog = new Backlog({ seq: 1, ordinal: 0 }, filter, {
        batchChanges: 1 + dice.below(20),
        batchBytes: dice.oneIn(2) ? 1e9 : 1000,
        wholeChanges: 10 + dice.below(30)
      })
      const got: Array<string> = []
      let last: Position = origin
      let next = 0
      while (next < chunks.length || backlog.peek() !== undefined) {
        const chunk = chunks[next]
        if (chunk !== undefined && (backlog.peek() === undefined || dice.oneIn(2))) {
          assert.isTrue(backlog.push(chunk, 0))
          if (dice.oneIn(10)) assert.isTrue(backlog.push(chunk, 0), "a repeat")
          next += 1
          continue
        }
        let asked = 0
        const batch = backlog.take(() => asked++ === 0 || !dice.oneIn(4))
        if (batch === undefined) continue
        assert.isTrue(comparePosition(last, batch.until.position) < 0)
        for (const { seq, firstOrdinal, changes } of batch.chunks) {
          const end = { seq, ordinal: firstOrdinal + changes.length - 1 }
          assert.isTrue(comparePosition({ seq, ordinal: firstOrdinal }, last) > 0 || last === origin)
          assert.isTrue(comparePosition(end, batch.until.position) <= 0)
        }
        const isInside = chunks.some(
          ({ seq, commit }) =>
            seq === batch.until.position.seq && batch.until.position.ordinal < commit.count - 1
        )
        assert.strictEqual(
          batch.goesOn,
          isInside,
          "what goes on ends inside a transaction, nothing else does"
        )
        last = batch.until.position
        got.push(...ids(batch.chunks))
      }
      assert.deepStrictEqual(got, wanted)
      assert.strictEqual(backlog.changes, 0)
      assert.isTrue(backlog.reached(31))
    }
  )
})
