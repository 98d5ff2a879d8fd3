import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Frontier } from "../../src/ingest/Frontier.ts"

/** What may happen, in any order: the next transaction begins, something passes, the n-th outstanding is settled. */
const Event = Schema.Union([
  Schema.TaggedStruct("Begin", { time: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })) }),
  Schema.TaggedStruct("Pass", {}),
  Schema.TaggedStruct("Settle", { which: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })) })
])

interface Naive {
  readonly seq: number
  readonly endLsn: bigint
  done: boolean
}

/** By the definition: the end of the last one of the longest prefix of which all is done. */
const frontierOf = (entries: ReadonlyArray<Naive>, start: bigint): bigint => {
  let end = start
  for (const entry of entries) {
    if (!entry.done) break
    end = entry.endLsn
  }
  return end
}

describe("Frontier", () => {
  it.prop(
    "is the end of the longest prefix that is durable, whatever order things become so in",
    [Schema.Array(Event)],
    ([events]) => {
      const frontier = new Frontier(100n, { seq: 7, commitLsn: 90n })
      const entries: Array<Naive> = []
      let lsn = 100n
      let seq = 7
      for (const event of events) {
        switch (event._tag) {
          case "Begin":
            lsn += 10n
            frontier.begin(++seq, lsn - 3n, lsn, event.time)
            entries.push({ seq, endLsn: lsn, done: false })
            break
          case "Pass":
            lsn += 10n
            frontier.pass(lsn, null)
            entries.push({ seq: 0, endLsn: lsn, done: true })
            break
          case "Settle": {
            const open = entries.filter((entry) => !entry.done)
            const entry = open[event.which % Math.max(1, open.length)]
            if (entry === undefined) break
            entry.done = true
            frontier.settle(entry.seq)
          }
        }
        assert.strictEqual(frontier.endLsn, frontierOf(entries, 100n))
        assert.strictEqual(frontier.outstanding, entries.filter((entry) => !entry.done).length)
        const firstOpen = entries.findIndex((entry) => !entry.done)
        const passed = firstOpen < 0 ? entries : entries.slice(0, firstOpen)
        assert.strictEqual(frontier.mark.seq, passed.findLast((entry) => entry.seq !== 0)?.seq ?? 7)
      }
    },
    { arbitrary: { runs: 300 } }
  )

  it("does not go back for a position that was passed before", () => {
    const frontier = new Frontier(100n, { seq: 0, commitLsn: 0n })
    frontier.pass(50n, null)
    assert.strictEqual(frontier.endLsn, 100n)
  })

  it("keeps the greatest commit time, though commit times go back", () => {
    const frontier = new Frontier(0n, { seq: 0, commitLsn: 0n })
    frontier.begin(1, 1n, 2n, 500)
    frontier.begin(2, 3n, 4n, 400)
    frontier.settle(1)
    frontier.settle(2)
    assert.strictEqual(frontier.commitTime, 500)
  })
})
