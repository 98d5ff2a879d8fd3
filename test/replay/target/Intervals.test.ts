import { assert, describe, it } from "@effect/vitest"
import { makeFilter } from "../../../src/domain/Filter.ts"
import { findOverlap, type Interval, judge } from "../../../src/replay/target/Intervals.ts"
import { Dice } from "../../log/Dice.ts"

const interval = (
  from: number,
  to: number,
  tables: ReadonlyArray<string> | null = null,
  ordinal = Number.MAX_SAFE_INTEGER
): Interval => ({
  jobId: "j",
  from,
  to: { seq: to, ordinal },
  filter: makeFilter(tables, null),
  exceptions: []
})

const all = makeFilter(null, null)

describe("intervals of what was applied", () => {
  it("tell a duplicate, something older, and something new", () => {
    const held = [interval(10, 20)]
    const at = (seq: number, ordinal = 0) => judge(held, "public.t", "insert", { seq, ordinal })
    assert.deepStrictEqual(
      [9, 10, 20, 21].map((seq) => at(seq)),
      ["older", "duplicate", "duplicate", "new"]
    )
  })

  it("end within a transaction", () => {
    const held = [interval(10, 20, null, 4)]
    const at = (ordinal: number) => judge(held, "public.t", "insert", { seq: 20, ordinal })
    assert.deepStrictEqual([at(4), at(5)], ["duplicate", "new"])
  })

  it("are about the tables and operations of their filter", () => {
    const held = [{ ...interval(1, 9, ["public.a"]), filter: makeFilter(["public.a"], ["insert"]) }]
    const at = { seq: 5, ordinal: 0 }
    assert.strictEqual(judge(held, "public.a", "insert", at), "duplicate")
    assert.strictEqual(judge(held, "public.a", "delete", at), "older")
    assert.strictEqual(judge(held, "public.b", "insert", at), "new")
    assert.strictEqual(judge(held, null, "message", at), "new")
  })

  it("do not hold what an operator skipped", () => {
    const held = [{ ...interval(1, 9), exceptions: [{ seq: 5, ordinal: 1 }] }]
    assert.strictEqual(judge(held, "public.a", "insert", { seq: 5, ordinal: 1 }), "older")
    const atEnd = [{ ...interval(1, 5, null, 1), exceptions: [{ seq: 5, ordinal: 1 }] }]
    assert.strictEqual(judge(atEnd, "public.a", "insert", { seq: 5, ordinal: 1 }), "new")
    assert.strictEqual(judge(held, "public.a", "insert", { seq: 5, ordinal: 2 }), "duplicate")
  })

  it("name the first transactions that would be written over later ones", () => {
    assert.deepStrictEqual(findOverlap([interval(10, 20)], all, 1), { from: 1, until: 10 })
    assert.deepStrictEqual(findOverlap([interval(1, 5), interval(8, 9)], all, 3), { from: 6, until: 8 })
    assert.isUndefined(findOverlap([interval(1, 5), interval(6, 9)], all, 3))
    assert.isUndefined(findOverlap([interval(1, 5)], all, 6))
    assert.isUndefined(findOverlap([interval(10, 20, ["public.a"])], makeFilter(["public.b"], null), 1))
    assert.deepStrictEqual(findOverlap([interval(10, 20, ["public.a"])], all, 12), undefined)
    assert.deepStrictEqual(findOverlap([interval(10, 20, ["public.a"])], all, 9), { from: 9, until: 10 })
  })

  it("find the overlap that judging every change would find", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const dice = new Dice(seed)
      const tables = () => dice.pick([null, ["a"], ["b"], ["a", "b"]])
      const held = Array.from({ length: dice.below(4) }, () => {
        const from = 1 + dice.below(10)
        return interval(from, from + dice.below(6), tables())
      })
      const filter = makeFilter(tables(), null)
      const start = 1 + dice.below(12)
      const wanted = ["a", "b", "c"].filter((table) => filter.tables === null || filter.tables.has(table))
      const older: Array<number> = []
      for (let seq = start; seq <= 20; seq++) {
        if (wanted.some((table) => judge(held, table, "insert", { seq, ordinal: 0 }) === "older"))
          older.push(seq)
      }
      const found = findOverlap(held, filter, start)
      assert.strictEqual(found !== undefined, older.length > 0, `seed ${seed}`)
      if (found !== undefined) assert.include(older, found.from, `seed ${seed}`)
    }
  })
})
