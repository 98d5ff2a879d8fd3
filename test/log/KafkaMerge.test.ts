import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PartitionMerge, type PartitionRecord } from "../../src/log/kafka/PartitionMerge.ts"
import { Dice } from "./Dice.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const value = Buffer.alloc(0)

interface Story {
  /** What the log is, in order. */
  readonly expected: ReadonlyArray<string>
  /** What lies in each partition. */
  readonly lanes: ReadonlyArray<ReadonlyArray<PartitionRecord>>
  readonly secondFrom: number
}

/** A log over partitions with repeats, copies in every partition, and what a life left unfinished. */
const story = (dice: Dice): Story => {
  const partitions = 1 + dice.below(6)
  const secondFrom = 5 + dice.below(10)
  const lanes: Array<Array<PartitionRecord>> = Array.from({ length: partitions }, () => [])
  const expected: Array<string> = []
  const put = (partition: number, head: Omit<PartitionRecord, "partition" | "offset" | "value">) => {
    const lane = lanes[partition]
    lane?.push({ ...head, partition, offset: lane.length, value })
  }
  for (let seq = 1; seq <= 20; seq++) {
    if (seq === secondFrom) {
      // The first life has begun this one, in another shape.
      for (let ordinal = 0; ordinal < 3; ordinal++) {
        put(dice.below(partitions), { seq, ordinal, count: 9, incarnation: 1 })
      }
    }
    const count = 1 + dice.below(6)
    const incarnation = seq < secondFrom ? 1 : 2
    const begins = lanes.map((lane) => lane.length)
    for (let ordinal = 0; ordinal < count; ordinal++) {
      expected.push(`${seq}.${ordinal}`)
      const everywhere = dice.oneIn(8)
      const home = dice.below(partitions)
      for (let partition = 0; partition < partitions; partition++) {
        if (everywhere || partition === home) put(partition, { seq, ordinal, count, incarnation })
      }
    }
    // A writer that woke up late stores some of it again.
    for (const [partition, lane] of lanes.entries()) {
      if (dice.oneIn(4)) for (const again of lane.slice(begins[partition])) put(partition, again)
    }
  }
  return { expected, lanes, secondFrom }
}

describe("PartitionMerge", () => {
  it.prop("gives the log, whatever arrives first and however it is cut", [Seed], ([seed]) => {
    const dice = new Dice(seed)
    const { expected, lanes, secondFrom } = story(dice)
    const passed = { repeats: 0, leftovers: 0 }
    const merge = new PartitionMerge({ seq: 1, ordinal: 0 }, (seq) => (seq < secondFrom ? 1 : 2), passed)
    const at = lanes.map(() => 0)
    const given: Array<string> = []
    for (let rounds = 0; given.length < expected.length; rounds++) {
      for (let record = merge.take(); record !== undefined; record = merge.take()) {
        given.push(`${record.seq}.${record.ordinal}`)
      }
      assert.isBelow(rounds, 10_000, "stuck")
      // Only partitions without a head are fetched, in bites.
      for (const partition of merge.hungry(lanes.length)) {
        const from = at[partition] ?? 0
        const bite = lanes[partition]?.slice(from, from + 1 + dice.below(5)) ?? []
        if (dice.oneIn(3)) continue
        merge.push(partition, bite)
        at[partition] = from + bite.length
      }
    }
    assert.deepStrictEqual(given, expected)
  })

  it("waits for what is missing, and gives nothing behind it", () => {
    const merge = new PartitionMerge({ seq: 3, ordinal: 1 }, () => 1, { repeats: 0, leftovers: 0 })
    const head = { count: 2, incarnation: 1, offset: 0, value }
    merge.push(0, [
      { ...head, seq: 3, ordinal: 0, partition: 0 },
      { ...head, seq: 4, ordinal: 0, partition: 0 }
    ])
    assert.isUndefined(merge.take())
    assert.deepStrictEqual(merge.hungry(2), [1])
    merge.push(1, [{ ...head, seq: 3, ordinal: 1, partition: 1 }])
    assert.strictEqual(merge.take()?.seq, 3)
    assert.strictEqual(merge.take()?.seq, 4)
    assert.deepStrictEqual(merge.expected, { seq: 4, ordinal: 1 })
  })
})
