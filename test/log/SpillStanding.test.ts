import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { ArchiveTail } from "../../src/log/Archive.ts"
import { goesOnAt, lastAfter, named, standingOf, unnamed } from "../../src/log/spill/Standing.ts"
import { continueTail, type LastStored } from "../../src/log/Tail.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, randomIncarnation, recut } from "./RandomLog.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const lives = [randomIncarnation()]

/** Where a log ends that has this many chunks of it. */
const endOf = (chunks: ReadonlyArray<ArchivedChunk>): LastStored => {
  const continuation = continueTail(null, lives, chunks)
  if ("detail" in continuation) throw new Error(continuation.detail)
  return continuation.last
}

const tailAt = (last: LastStored, incarnations = lives): ArchiveTail => ({ mark: null, incarnations, last })

describe("how an archive and its spill stand to each other", () => {
  it.prop(
    "is told by their ends alone: what is there is covered, what is missing is given from where it is missing",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const chunks = new RandomLog({ seed, chunkChanges: 40, largeOneIn: 5 }).transactions(12).flat()
      const [a, b, c] = [0, 0, 0].map(() => dice.below(chunks.length + 1)) as [number, number, number]
      const [base, until] = [Math.min(a, b), Math.max(a, b)]
      const spill = {
        base: endOf(chunks.slice(0, base)),
        last: endOf(chunks.slice(0, until)),
        incarnation: 1
      }
      const archive = tailAt(endOf(chunks.slice(0, c)))
      for (const isOurs of [true, false]) {
        const standing = standingOf(archive, spill, isOurs, "file")
        if (c < base) assert.deepInclude(standing, { _tag: "Apart" })
        else if (c >= until) assert.deepStrictEqual(standing, { _tag: "Covered" })
        else if (!isOurs) assert.deepStrictEqual(standing, { _tag: "Overtaken" })
        else {
          const next = chunks[c]
          assert.deepStrictEqual(standing, {
            _tag: "Behind",
            from: { seq: next?.seq ?? 0, ordinal: next?.firstOrdinal ?? 0 }
          })
        }
      }
    },
    { arbitrary: { runs: 300 } }
  )

  it.prop(
    "an archive's end is known by what was appended, whatever is repeated and however it is cut",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const chunks = new RandomLog({ seed, chunkChanges: 40, largeOneIn: 5 }).transactions(12).flat()
      let last: LastStored = null
      let stored = 0
      while (stored < chunks.length) {
        const until = Math.min(chunks.length, stored + dice.below(6))
        const from = Math.max(0, stored - dice.below(8))
        last = lastAfter(last, recut(dice, chunks.slice(from, dice.oneIn(3) ? stored : until)))
        last = lastAfter(last, chunks.slice(from, until))
        stored = until
        assert.deepStrictEqual(last, endOf(chunks.slice(0, stored)))
      }
    },
    { arbitrary: { runs: 100 } }
  )

  it("a spill of an earlier life of the source is not for this history", () => {
    const [first, second] = new RandomLog({ seed: 1 }).transactions(2)
    const spill = {
      base: endOf(first ?? []),
      last: endOf([...(first ?? []), ...(second ?? [])]),
      incarnation: 1
    }
    const standing = standingOf(
      tailAt(spill.base, [...lives, randomIncarnation(2, 2)]),
      spill,
      true,
      "/x/spill.sqlite"
    )
    if (standing._tag !== "Apart" || standing.reason._tag !== "Unsuited") return assert.fail(standing._tag)
    assert.include(standing.reason.fix, "/x/spill.sqlite")
  })

  it("goes on after the last change, and in the middle of a transaction with its next", () => {
    const [transaction] = new RandomLog({ seed: 2, chunkChanges: 3 }).transactions(1)
    assert.deepStrictEqual(goesOnAt(null), { seq: 1, ordinal: 0 })
    assert.deepStrictEqual(goesOnAt(endOf(transaction ?? [])), { seq: 2, ordinal: 0 })
  })

  it("a mark with a name is the same mark", () => {
    const mark = markAfter(new RandomLog({ seed: 2 }).transaction())
    const spill = { id: "a", file: "host:/spill.sqlite" }
    assert.deepStrictEqual(named(mark, spill), { ...mark, spill })
    assert.deepStrictEqual(unnamed(named(mark, spill)), mark)
  })
})
