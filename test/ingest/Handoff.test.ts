import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Handoff, type HandoffItem } from "../../src/ingest/Handoff.ts"
import { chunk } from "./SmallChunks.ts"

// Each of them counts a kibibyte beside its changes.
const limits = { waitingBytes: 4200, changes: 3, bytes: 1e6 }
const item = (end: number): HandoffItem => ({ _tag: "Chunk", chunk: chunk(end) })

describe("Handoff", () => {
  it.effect("makes the giver wait, and gives batches in order and within the limits", () =>
    Effect.gen(function* () {
      const handoff = new Handoff(limits)
      yield* handoff.offer([1, 2, 3, 4, 5].map(item))
      const waiting = yield* Effect.forkChild(handoff.offer([item(6)]), { startImmediately: true })
      assert.isUndefined(waiting.pollUnsafe())
      const first = yield* handoff.take
      yield* Fiber.join(waiting)
      const rest = yield* handoff.take
      assert.strictEqual(first.length, 3)
      assert.deepStrictEqual(
        [...first, ...rest].map((given) => (given._tag === "Chunk" ? given.chunk.commit.xid : 0)),
        [1, 2, 3, 4, 5, 6]
      )
      assert.strictEqual(handoff.bytes, 0)
    })
  )

  it.effect("gives what is left after its end, and then nothing", () =>
    Effect.gen(function* () {
      const handoff = new Handoff(limits)
      yield* handoff.offer([item(1)])
      yield* handoff.end
      assert.strictEqual((yield* handoff.take).length, 1)
      assert.strictEqual((yield* handoff.take).length, 0)
    })
  )
})
