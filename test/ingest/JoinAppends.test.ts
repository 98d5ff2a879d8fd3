import { assert, describe, it } from "@effect/vitest"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { joinAppends, joinLimits } from "../../src/ingest/JoinAppends.ts"
import type { LiveStep } from "../../src/ingest/LiveQueue.ts"
import { chunk } from "./SmallChunks.ts"

const append = (seq: number, bytes = 10): LiveStep => {
  const archived: ArchivedChunk = { ...chunk(seq), seq, incarnation: 1 }
  return { _tag: "Append", chunks: [archived], bytes }
}
const advance = (time: number): LiveStep => ({ _tag: "Advance", time })

const shape = (steps: ReadonlyArray<LiveStep>) =>
  steps.map((step) => (step._tag === "Advance" ? `until ${step.time}` : step.chunks.map(({ seq }) => seq)))

describe("joinAppends", () => {
  it("joins what follows each other, and nothing across a time", () => {
    const steps = [append(1), append(2), advance(2), append(3), append(4), advance(4)]
    const joined = joinAppends(steps)
    assert.deepStrictEqual(shape(joined), [[1, 2], "until 2", [3, 4], "until 4"])
    assert.deepInclude(joined[0], { bytes: 20 })
    assert.deepStrictEqual(joinAppends([]), [])
  })

  it("stays within its bounds in changes and in bytes", () => {
    const many = joinAppends(Array.from({ length: joinLimits.changes + 1 }, (_, i) => append(i + 1)))
    assert.deepStrictEqual(
      many.map((step) => (step._tag === "Append" ? step.chunks.length : 0)),
      [joinLimits.changes, 1]
    )
    const large = joinLimits.bytes
    const steps = [append(1), append(2, large), append(3), append(4, large * 2), append(5), append(6)]
    assert.deepStrictEqual(shape(joinAppends(steps)), [[1], [2], [3], [4], [5, 6]])
  })
})
