import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { refillLiveBuffer } from "../../src/log/LiveBufferRefill.ts"
import { RandomLog, randomIncarnation } from "./RandomLog.ts"
import { countChanges } from "./ReadLog.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

/** An archive of 60 transactions beside a buffer that has those up to `held`. */
const scene = (maxChanges: number, first: number, held: number) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryDirectory, "log")
    const layer = Layer.merge(archiveAt({ file }), LiveBufferMemory.layer({ maxChanges, maxBytes: 1e9 }))
    return yield* Effect.gen(function* () {
      const archive = yield* Archive
      const buffer = yield* LiveBuffer
      const transactions = new RandomLog({ seed: 4, largeOneIn: 0 }).transactions(60)
      yield* archive.beginIncarnation(randomIncarnation())
      yield* archive.append(transactions.flat())
      yield* buffer.append(transactions.slice(first - 1, held).flat())
      yield* refillLiveBuffer
      const { firstSeq, nextSeq } = yield* buffer.coverage
      assert.strictEqual(nextSeq, 61)
      return { firstSeq, transactions }
    }).pipe(Effect.provide(layer))
  })

describe("refillLiveBuffer", () => {
  it.effect("fills an empty one up to half", () =>
    Effect.gen(function* () {
      const { firstSeq, transactions } = yield* scene(200, 1, 0)
      const newest = (from: number) => countChanges(transactions.slice(from - 1).flat())
      assert.isAtMost(newest(firstSeq), 100)
      assert.isAbove(newest(firstSeq - 1), 100)
    })
  )

  it.effect("carries on one that ended a little before the archive does", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* scene(2000, 3, 50)).firstSeq, 3)
      assert.strictEqual((yield* scene(2000, 3, 60)).firstSeq, 3)
    })
  )

  it.effect("begins anew where too much is lacking", () =>
    Effect.gen(function* () {
      assert.isAbove((yield* scene(100, 1, 10)).firstSeq, 11)
    })
  )
})
