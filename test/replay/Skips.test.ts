import { assert, describe, it } from "@effect/vitest"
import { formatPosition } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { makeSkips } from "../../src/replay/Skips.ts"
import { Dice } from "../log/Dice.ts"
import { RandomLog } from "../log/RandomLog.ts"

const changesOf = (chunks: ReadonlyArray<ArchivedChunk>) =>
  chunks.flatMap(({ seq, incarnation, commit, firstOrdinal, changes }) =>
    changes.map((change, i) => ({
      at: { seq, ordinal: firstOrdinal + i },
      name: formatPosition({ incarnation, commitLsn: commit.commitLsn, ordinal: firstOrdinal + i }),
      change
    }))
  )

describe("skips", () => {
  it("leave out exactly the changes that are named, and say where they stood", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const dice = new Dice(seed)
      const chunks = new RandomLog({ seed, largeOneIn: 5 }).transactions(10).flat()
      const all = changesOf(chunks)
      const named = new Set(all.filter(() => dice.oneIn(4)).map(({ name }) => name))
      const { chunks: left, skipped } = makeSkips([...named, "no position"]).leaveOut(chunks)
      assert.deepStrictEqual(
        changesOf(left),
        all.filter(({ name }) => !named.has(name)),
        `seed ${seed}`
      )
      assert.deepStrictEqual(
        skipped,
        all.filter(({ name }) => named.has(name)).map(({ at }) => at),
        `seed ${seed}`
      )
      assert.isTrue(left.every(({ changes }) => changes.length > 0))
    }
  })

  it("tell the lives of the source apart", () => {
    const chunks = new RandomLog({ seed: 1 }).transactions(1).flat()
    const [first] = chunks
    if (first === undefined) return assert.fail("an empty log")
    const { incarnation, commit, firstOrdinal: ordinal } = first
    const other = formatPosition({ incarnation: incarnation + 1, commitLsn: commit.commitLsn, ordinal })
    assert.deepStrictEqual(makeSkips([other]).leaveOut(chunks), { chunks, skipped: [] })
  })
})
