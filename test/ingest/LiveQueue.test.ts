import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { LiveQueue } from "../../src/ingest/LiveQueue.ts"
import { chunk } from "./SmallChunks.ts"

const archived = (seq: number): ArchivedChunk => ({ ...chunk(seq), seq, incarnation: 1 })

describe("LiveQueue", () => {
  it.effect("drops everything when it is full, and keeps what comes after", () =>
    Effect.gen(function* () {
      const queue = new LiveQueue(100)
      queue.append([archived(1)], 60)
      queue.advance(1)
      queue.append([archived(2)], 60)
      queue.advance(1)
      queue.advance(2)
      const steps = yield* queue.take
      assert.deepStrictEqual(
        steps.map((step) => (step._tag === "Append" ? step.chunks.map(({ seq }) => seq) : step.time)),
        [[2], 2]
      )
      assert.strictEqual(queue.droppedChanges, 1)
    })
  )

  it.effect("what is withheld is not told of, nor that time went on without it", () =>
    Effect.gen(function* () {
      const queue = new LiveQueue(100)
      queue.append([archived(1)], 1)
      queue.withhold([archived(2)])
      queue.advance(5)
      queue.append([archived(3)], 1)
      queue.advance(6)
      const steps = yield* queue.take
      assert.deepStrictEqual(
        steps.map((step) => (step._tag === "Append" ? step.chunks.map(({ seq }) => seq) : step.time)),
        [[1], [3], 6]
      )
      assert.strictEqual(queue.droppedChanges, 1)
    })
  )
})
