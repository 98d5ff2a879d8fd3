import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { maxLsn } from "../../src/domain/Lsn.ts"
import type { Relation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { decodeHeads, encodeHeads } from "../../src/log/ChunkHeads.ts"
import { cutSegments, openSegment, type Segment } from "../../src/log/sqlite/Segment.ts"
import { VarintReader, VarintWriter } from "../../src/log/Varints.ts"
import { Dice } from "./Dice.ts"
import { RandomLog } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const Natural = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const Signed = Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 52), maximum: 2 ** 52 }))
const Lsns = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: maxLsn }))
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const few = { arbitrary: { runs: 40 } }

describe("Varints", () => {
  it.prop("survive", [Schema.Array(Natural), Schema.Array(Signed), Lsns, Lsns, Schema.String], (values) => {
    const [naturals, integers, lsn, from, text] = values
    const out = new VarintWriter()
    for (const value of naturals) out.natural(value)
    for (const value of integers) out.integer(value)
    out.lsn(lsn, from)
    out.text(text.toWellFormed())
    const input = new VarintReader(out.finish())
    assert.deepStrictEqual(
      naturals.map(() => input.natural()),
      naturals
    )
    // -0 has no sign here.
    assert.deepStrictEqual(
      integers.map(() => input.integer() + 0),
      integers.map((value) => value + 0)
    )
    assert.strictEqual(input.lsn(from), lsn)
    assert.strictEqual(input.text(), text.toWellFormed())
    assert.isTrue(input.done)
  })

  it("end with a RangeError when the bytes do", () => {
    assert.throws(() => new VarintReader(new Uint8Array()).natural(), RangeError)
    assert.throws(() => new VarintReader(new Uint8Array([0x80])).natural(), RangeError)
    assert.throws(() => new VarintReader(new Uint8Array([3, 0x61])).text(), RangeError)
  })
})

describe("ChunkHeads", () => {
  it.prop(
    "survive",
    [Seed],
    ([seed]) => {
      const log = new RandomLog({ seed, chunkChanges: 40, largeOneIn: 5 })
      const all = log.transactions(20).flat()
      const dice = new Dice(seed)
      const from = dice.below(all.length)
      const chunks = all.slice(from, from + 1 + dice.below(all.length))
      assert.deepStrictEqual(
        decodeHeads(encodeHeads(chunks)),
        chunks.map(({ seq, commit, firstOrdinal, changes, last, bytes }) => ({
          seq,
          commit,
          firstOrdinal,
          changes: changes.length,
          last,
          bytes
        }))
      )
    },
    few
  )

  it("take few bytes a transaction", () => {
    const chunks = new RandomLog({ seed: 1, largeOneIn: 0 }).transactions(1000).flat()
    assert.isBelow(encodeHeads(chunks).length / 1000, 20)
  })
})

/** As a reader gives it. */
const asRead = (segment: Segment) => ({ ...segment, text: Buffer.from(segment.text).toString() })

const cut = (chunks: ReadonlyArray<ArchivedChunk>, limits = { changes: 500, bytes: 30_000 }) => {
  const relations = new Map<string, Relation>()
  const segments = cutSegments(chunks, 0, (relation) => relations.set(relation.fingerprint, relation), limits)
  const open = (segment: Segment) => openSegment(asRead(segment), (fingerprint) => relations.get(fingerprint))
  return { segments, open }
}

describe("Segment", () => {
  it.prop(
    "survives, and says of itself what is so",
    [Seed],
    ([seed]) => {
      const log = new RandomLog({ seed, largeOneIn: 6, chunkChanges: 900 })
      const chunks = log.transactions(30).flat()
      const { segments, open } = cut(chunks)
      assertSameLog(segments.flatMap(open), chunks)
      let top = 0
      for (const segment of segments) {
        const held = open(segment)
        const [first, last] = [held[0], held.at(-1)]
        const times = held.map((chunk) => chunk.commit.commitTime)
        top = Math.max(top, ...times)
        assert.deepStrictEqual(
          [segment.firstSeq, segment.firstOrdinal, segment.lastSeq, segment.complete],
          [first?.seq, first?.firstOrdinal, last?.seq, last?.last]
        )
        assert.strictEqual(segment.lastOrdinal, (last?.firstOrdinal ?? 0) + (last?.changes.length ?? 0) - 1)
        assert.deepStrictEqual([segment.maxTime, segment.topTime], [Math.max(...times), top])
        assert.isAtMost(segment.changes, 500)
      }
      const bytes = (parts: ReadonlyArray<{ readonly bytes: number }>) =>
        parts.reduce((n, part) => n + part.bytes, 0)
      assert.strictEqual(bytes(segments), bytes(chunks))
    },
    few
  )

  it("keeps an unfinished transaction in segments of its own", () => {
    const log = new RandomLog({ seed: 1, largeOneIn: 0, chunkChanges: 100 })
    const before = log.transactions(5).flat()
    const { segments } = cut([...before, ...log.transaction(1000).slice(0, 4)], {
      changes: 10_000,
      bytes: 1e9
    })
    assert.deepStrictEqual(
      segments.map(({ firstSeq, lastSeq, complete }) => [firstSeq, lastSeq, complete]),
      [
        [1, 5, true],
        [6, 6, false]
      ]
    )
  })

  it("keeps incarnations apart", () => {
    const first = new RandomLog({ seed: 1, largeOneIn: 0 }).transactions(3).flat()
    const second = new RandomLog({ seed: 2, largeOneIn: 0, incarnation: 2, firstSeq: 4 })
      .transactions(3)
      .flat()
    const { segments, open } = cut([...first, ...second], { changes: 10_000, bytes: 1e9 })
    assert.deepStrictEqual(
      segments.map(({ incarnation }) => incarnation),
      [1, 2]
    )
    assertSameLog(segments.flatMap(open), [...first, ...second])
  })

  it("stores a chunk of large values in parts", () => {
    const [chunk] = new RandomLog({ seed: 1, chunkChanges: 100 }).transaction(60)
    if (chunk === undefined) throw new Error("a transaction has a chunk")
    const { segments } = cut([{ ...chunk, bytes: 300_000 }])
    assert.isAtLeast(segments.length, Math.min(10, chunk.changes.length))
  })

  it("is refused when heads and text do not belong together, or a schema version is unknown", () => {
    const chunks = new RandomLog({ seed: 1 }).transactions(9).flat()
    const { segments, open } = cut(chunks)
    const [segment] = segments
    if (segment === undefined) throw new Error("there is a segment")
    const other = encodeHeads(chunks.slice(0, 3))
    assert.throws(() => open({ ...segment, heads: other }), RangeError)
    assert.throws(() => openSegment(asRead(segment), () => undefined), RangeError)
    assert.throws(() => open({ ...segment, text: segment.text.slice(0, -1) }), SyntaxError)
  })
})
