import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { cutBatches, type EventBatch, frameBytes, frameEvents } from "../../../src/control/live/EventBatch.ts"
import { EventQueue } from "../../../src/control/live/EventQueue.ts"
import { largestEvent, liveEventsOf } from "../../../src/control/live/LiveEvent.ts"
import { chunk, orders } from "../TestApi.ts"

let seq = 0
const batchesOf = (sizes: ReadonlyArray<number>): ReadonlyArray<EventBatch> =>
  cutBatches(
    sizes.flatMap((size) => {
      seq += 1
      return liveEventsOf(
        "shop",
        chunk(seq, [{ op: "insert", relation: orders, after: [String(seq), "x".repeat(size)] }])
      )
    })
  )

const Step = Schema.Union([
  Schema.Struct({ push: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 }))) }),
  Schema.Literal("take"),
  Schema.Literal("notice")
])
const limits = { events: 20, bytes: 40_000 }

describe("EventQueue", () => {
  it.effect.prop(
    "loses nothing uncounted, keeps order, and stays within its bounds",
    [Schema.Array(Step)],
    ([steps]) =>
      Effect.sync(() => {
        const queue = new EventQueue(limits)
        let pushed = 0
        let came = 0
        let dropped = 0
        let told = 0
        let last = 0
        const take = () => {
          const taken = queue.take()
          if (taken === undefined) return false
          if (taken._tag === "Notice") told -= 1
          else {
            dropped += taken.dropped
            for (const { at } of taken.batches.flatMap(({ events }) => events)) {
              assert.isAbove(at.seq, last)
              last = at.seq
              came += 1
            }
          }
          return true
        }
        for (const step of steps) {
          if (step === "take") take()
          else if (step === "notice") {
            queue.tell({ code: "missing", from_seq: 1, until_seq: 2 })
            told += 1
          } else {
            for (const batch of batchesOf(step.push)) {
              pushed += batch.events.length
              queue.push(batch)
            }
            // One batch is kept however large it is.
            assert.isAtMost(queue.size, Math.max(limits.events, step.push.length))
          }
        }
        while (take());
        assert.strictEqual(came + dropped, pushed)
        assert.strictEqual(told, 0)
        assert.strictEqual(queue.size, 0)
      })
  )

  it("puts neighbours into one frame, and says the same only once", () => {
    const queue = new EventQueue({ events: 1000, bytes: 1_000_000 })
    for (let i = 0; i < 300; i++) for (const batch of batchesOf([10])) queue.push(batch)
    queue.tell({ code: "away" })
    queue.tell({ code: "away" })
    for (const batch of batchesOf([10])) queue.push(batch)
    const sizes: Array<number | string> = []
    for (let taken = queue.take(); taken !== undefined; taken = queue.take()) {
      sizes.push(
        taken._tag === "Notice"
          ? taken.notice.code
          : taken.batches.reduce((sum, { events }) => sum + events.length, 0)
      )
    }
    assert.deepStrictEqual(sizes, [256, 44, "away", 1])
  })
})

describe("cutBatches", () => {
  it("cuts by number and by size, and what is beyond a frame comes as its head", () => {
    assert.deepStrictEqual(
      batchesOf(Array.from({ length: 600 }, () => 1)).map(({ events }) => events.length),
      [frameEvents, frameEvents, 88]
    )
    const large = batchesOf([
      largestEvent - 2000,
      largestEvent - 2000,
      largestEvent - 2000,
      largestEvent - 2000
    ])
    assert.deepStrictEqual(
      large.map(({ events }) => events.length),
      [3, 1]
    )
    for (const { bytes, joined, events } of large) {
      assert.isAtMost(bytes, frameBytes)
      assert.strictEqual(Buffer.byteLength(joined), bytes - 1)
      assert.strictEqual(JSON.parse(`[${joined}]`).length, events.length)
    }
    const [cut] = batchesOf([largestEvent])
    const [head]: ReadonlyArray<object> = JSON.parse(`[${cut?.joined}]`)
    assert.deepInclude(head, { after: null, seq, operation: "insert", table: "orders" })
    assert.isBelow(cut?.bytes ?? 0, 1000)
  })
})
