import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { nextMark } from "../../src/log/MarkRules.ts"
import { continueTail, type LastStored, nextSeqOf } from "../../src/log/Tail.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const incarnations = [randomIncarnation()]

describe("continueTail", () => {
  it.prop(
    "takes each change once, whatever is repeated and however it is cut",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const chunks = new RandomLog({ seed, chunkChanges: 60, largeOneIn: 6 }).transactions(25).flat()
      const taken: Array<ArchivedChunk> = []
      let last: LastStored = null
      for (let at = 0; at < chunks.length; ) {
        const until = Math.min(chunks.length, at + dice.below(9))
        const again = chunks.slice(Math.max(0, at - dice.below(12)), until)
        const continuation = continueTail(last, incarnations, recut(dice, again))
        if ("detail" in continuation) throw new Error(continuation.detail)
        taken.push(...continuation.fresh)
        for (const chunk of continuation.repeated) assert.isBelow(chunk.seq, nextSeqOf(last))
        last = continuation.last
        at = until
      }
      assertSameLog(taken, chunks)
    },
    { arbitrary: { runs: 50 } }
  )

  it("refuses all when there is a conflict anywhere", () => {
    const log = new RandomLog({ seed: 1, largeOneIn: 0 })
    const [a, , c] = log.transactions(3)
    const refused = continueTail(null, incarnations, [...(a ?? []), ...(c ?? [])])
    assert.deepStrictEqual("detail" in refused ? refused.seq : undefined, 3)
  })
})

describe("nextMark", () => {
  const log = new RandomLog({ seed: 1, largeOneIn: 0 })
  const [a, b] = [log.transaction(1), log.transaction(1)]

  it("never goes back", () => {
    assert.property(nextMark(markAfter(b), markAfter(a), 3), "detail")
    assert.property(nextMark({ ...markAfter(a), incarnation: 2 }, markAfter(b), 3), "detail")
    // The LSNs of another incarnation have nothing to do with those before.
    const failedOver = { ...markAfter(b), incarnation: 2, endLsn: 5n }
    assert.deepStrictEqual(nextMark(markAfter(a), failedOver, 3), failedOver)
  })

  it("never promises what is not stored", () => {
    assert.property(nextMark(null, markAfter(b), 2), "detail")
    assert.deepStrictEqual(nextMark(null, markAfter(b), 3), markAfter(b))
  })
})
