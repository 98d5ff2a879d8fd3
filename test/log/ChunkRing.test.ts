import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { ChunkRing } from "../../src/log/memory/ChunkRing.ts"
import { Dice } from "./Dice.ts"
import { RandomLog, type RandomTransaction, recut } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

const sum = (chunks: ReadonlyArray<ArchivedChunk>) => ({
  changes: countChanges(chunks),
  bytes: chunks.reduce((bytes, chunk) => bytes + chunk.bytes, 0)
})

const readAll = (ring: ChunkRing): ReadonlyArray<ArchivedChunk> => {
  const chunks: Array<ArchivedChunk> = []
  let position = { seq: ring.coverage.firstSeq, ordinal: 0 }
  for (;;) {
    const page = ring.read(position, ring.coverage.nextSeq, 7)
    if (page._tag === "End") return chunks
    if (page._tag !== "Chunks") throw new Error(`${page._tag} within the coverage`)
    chunks.push(...page.chunks)
    position = page.next
  }
}

/** Each run is a long story: a few are enough. */
const few = { arbitrary: { runs: 25 } }

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))

describe("ChunkRing", () => {
  it.prop(
    "holds the newest whole transactions that fit, exactly",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const log = new RandomLog({ seed, maxChanges: 30, largeOneIn: 0, chunkChanges: 10 })
      const limits = { changes: 20 + dice.below(200), bytes: 1_000 + dice.below(20_000) }
      const ring = new ChunkRing(limits)
      const transactions = log.transactions(60)
      const fits = (held: ReadonlyArray<RandomTransaction>) => {
        const { changes, bytes } = sum(held.flat())
        return changes <= limits.changes && bytes <= limits.bytes
      }
      for (const [i, transaction] of transactions.entries()) {
        const from = Math.max(0, i - dice.below(3))
        for (const chunk of recut(dice, transactions.slice(from, i + 1).flat())) ring.append(chunk)
        // As many as fit, counted from the newest; one that does not fit ends it.
        let oldest = i + 1
        while (oldest > 0 && fits(transactions.slice(oldest - 1, i + 1))) oldest--
        const held = transactions.slice(oldest, i + 1)
        assert.strictEqual(ring.coverage.nextSeq, i + 2)
        assert.strictEqual(ring.coverage.firstSeq, oldest + 1)
        assert.strictEqual(ring.coverage.fromTime, held[0]?.[0]?.commit.commitTime ?? null)
        assert.strictEqual(ring.changes, sum(held.flat()).changes)
        assertSameLog(readAll(ring), held.flat())
        assertSameLog(ring.recent(1_000_000).toReversed(), held.flat())
        assert.isAtLeast(ring.coverage.toTime ?? 0, transaction[0]?.commit.commitTime ?? 0)
      }
    },
    few
  )

  it.prop(
    "never gives what does not follow, whatever comes",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const chunks = new RandomLog({ seed, maxChanges: 25, largeOneIn: 0, chunkChanges: 10 })
        .transactions(80)
        .flat()
      const ring = new ChunkRing({ changes: 120, bytes: 12_000 })
      for (let at = 0; at < chunks.length; ) {
        const until = at + 1 + dice.below(6)
        for (const chunk of recut(dice, chunks.slice(at, until))) {
          ring.append(chunk)
          if (dice.oneIn(9)) ring.advance(chunk.commit.commitTime + dice.below(1_000_000))
          assert.isAtMost(ring.changes, 120)
          assert.isAtMost(ring.bytes, 12_000)
        }
        const { firstSeq, nextSeq } = ring.coverage
        assert.isAtMost(firstSeq, nextSeq)
        assertSameLog(
          readAll(ring),
          chunks.filter(({ seq }) => seq >= firstSeq && seq < nextSeq)
        )
        assert.strictEqual(ring.read({ seq: nextSeq, ordinal: 0 }, null, 1)._tag, "Wait")
        assert.strictEqual(
          ring.read({ seq: firstSeq - 1, ordinal: 0 }, null, 1)._tag,
          firstSeq === 1 ? ring.read({ seq: 1, ordinal: 0 }, null, 1)._tag : "Missing"
        )
        // Something is lost now and then, or comes again.
        at = Math.max(0, until + (dice.oneIn(6) ? dice.below(12) - 4 : 0))
      }
    },
    few
  )

  it("gives up what an older incarnation left unfinished", () => {
    const ring = new ChunkRing({ changes: 1000, bytes: 1_000_000 })
    const log = new RandomLog({ seed: 1, chunkChanges: 10 })
    const before = log.transactions(2).flat()
    for (const chunk of [...before, ...log.transaction(50).slice(0, -1)]) ring.append(chunk)
    const next = new RandomLog({ seed: 2, incarnation: 2, firstSeq: 3 }).transaction(5)
    for (const chunk of next) ring.append(chunk)
    assertSameLog(readAll(ring), [...before, ...next])
    assert.strictEqual(ring.changes, countChanges(before) + 5)
  })
})

describe("sliceChunk", () => {
  it.prop("cuts such that the parts add up", [Seed], ([seed]) => {
    const dice = new Dice(seed)
    const [chunk] = new RandomLog({ seed, chunkChanges: 50 }).transaction(1 + dice.below(40))
    if (chunk === undefined) return
    const at = chunk.firstOrdinal + dice.below(chunk.changes.length + 1)
    const parts = [sliceChunk(chunk, 0, at), sliceChunk(chunk, at)].filter((part) => part.changes.length > 0)
    assertSameLog(
      parts.map((part, i) => ({ ...part, seq: 1, last: part.last && i === parts.length - 1 })),
      [{ ...chunk, seq: 1 }]
    )
    assert.strictEqual(sum(parts).bytes, chunk.bytes)
  })
})
