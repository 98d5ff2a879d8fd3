import { assert, describe, it } from "@effect/vitest"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { ChunkRing } from "../../src/log/memory/ChunkRing.ts"
import { StreamLedger } from "../../src/log/redis/StreamLedger.ts"
import { coverageOf, parseState, type Segment } from "../../src/log/redis/StreamState.ts"
import { RandomLog, recut } from "./RandomLog.ts"

const identity = { source: "shop", history: "first" }

/** What Redis would hold: ids with their changes, in order. */
class FakeStream {
  entries: Array<{ readonly id: string; readonly changes: number; readonly bytes: number }> = []
  older: ReadonlyArray<Segment> = []
  state = ""

  apply(ledger: StreamLedger): void {
    const write = ledger.take()
    if (write === undefined) return
    if (write.clear) this.entries = []
    const { minId } = write
    if (minId !== null) this.entries = this.entries.filter(({ id }) => compareIds(id, minId) >= 0)
    for (const { id, tx, changes } of write.entries) {
      const last = this.entries.at(-1)
      assert.isTrue(last === undefined || compareIds(last.id, id) < 0, `${last?.id} before ${id}`)
      const header: { readonly changes: number } = JSON.parse(tx)
      const bytes = Buffer.byteLength(tx) + Buffer.byteLength(changes)
      this.entries.push({ id, changes: header.changes, bytes })
    }
    this.older = write.segments ?? this.older
    this.state = JSON.stringify(write.state)
  }
}

const compareIds = (a: string, b: string): number => {
  const [left = 0n, lower = 0n] = a.split("-").map(BigInt)
  const [right = 0n, other = 0n] = b.split("-").map(BigInt)
  return Number(left - right) || Number(lower - other)
}

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, next) => total + next, 0)

describe("StreamLedger", () => {
  it("keeps books that agree with the stream, and covers what the memory's ring covers", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const log = new RandomLog({ seed, maxChanges: 30, largeOneIn: 15, chunkChanges: 90 })
      const { dice } = log
      const limits = { changes: 1500, bytes: dice.oneIn(3) ? 60_000 : 10_000_000 }
      const stream = new FakeStream()
      const ring = new ChunkRing({ changes: limits.changes, bytes: Number.POSITIVE_INFINITY })
      let ledger = StreamLedger.empty(identity, limits)
      const all: Array<ArchivedChunk> = []
      for (let step = 0; step < 80; step++) {
        const chunks = log.transactions(1 + dice.below(3)).flat()
        all.push(...chunks)
        // A hole now and then, and repeats cut elsewhere.
        if (dice.oneIn(15)) chunks.splice(0, 1 + dice.below(chunks.length))
        const back = dice.oneIn(4) ? all.slice(-dice.below(12) - 1, -chunks.length || undefined) : []
        for (const chunk of recut(dice, [...back, ...chunks])) {
          ledger.append(chunk)
          ring.append(chunk)
          if (dice.oneIn(4)) stream.apply(ledger)
        }
        if (dice.oneIn(5)) {
          const time = (all.at(-1)?.commit.commitTime ?? 0) + dice.below(1000)
          ledger.advance(time)
          ring.advance(time)
        }
        stream.apply(ledger)

        if (stream.state === "") continue
        const state = parseState(stream.state)
        if (state === undefined) throw new Error("no state")
        assert.strictEqual(state.entries, stream.entries.length)
        assert.strictEqual(state.changes, sum(stream.entries.map(({ changes }) => changes)))
        assert.strictEqual(state.bytes, sum(stream.entries.map(({ bytes }) => bytes)))
        assert.isAtMost(state.changes, limits.changes)
        assert.isAtMost(state.bytes, limits.bytes)
        assert.isBelow(stream.older.length, 300)
        const covered = coverageOf({ _tag: "Held", state })
        if (limits.bytes > 60_000) {
          assert.strictEqual(covered.nextSeq, ring.coverage.nextSeq, `seed ${seed}, step ${step}`)
          assert.strictEqual(covered.toTime, ring.coverage.toTime)
          // Segments leave whole: a little more than the ring drops.
          assert.isAtLeast(covered.firstSeq, ring.coverage.firstSeq)
        }
        if (dice.oneIn(10)) {
          const relations = new Set(["none is known"])
          ledger = StreamLedger.of(state, stream.older, relations, limits)
        }
      }
    }
  })

  it("gives ids by commit time that rise though commit times go back", () => {
    const log = new RandomLog({ seed: 2, largeOneIn: 0 })
    const ledger = StreamLedger.empty(identity, { changes: 1000, bytes: 1_000_000 })
    const [first = [], second = []] = log.transactions(2)
    const time = 1_800_000_000_123_456
    const at = (chunks: ReadonlyArray<ArchivedChunk>, commitTime: number) =>
      chunks.map((chunk) => ({ ...chunk, commit: { ...chunk.commit, commitTime } }))
    for (const chunk of [...at(first, time), ...at(second, time - 5_000_000)]) ledger.append(chunk)
    const ids = new Set(ledger.take()?.entries.map(({ id }) => id))
    assert.include([...ids], `1800000000123-${2 ** 20}`)
    assert.include([...ids], `1800000000123-${2 ** 21}`)
  })
})
