import { assert, describe, it } from "@effect/vitest"
import { traceOf } from "../../../src/runtime/trace/TraceContext.ts"
import { isChosen, newSpanId, newTraceId, spanIdOf, traceIdOf } from "../../../src/runtime/trace/TraceIds.ts"

const numbers = Array.from({ length: 100_000 }, (_, i) => i + 1)

describe("what is traced", () => {
  it("is as much as was asked for, spread over all, and the same each time", () => {
    for (const ratio of [0.001, 0.01, 0.5]) {
      const chosen = numbers.filter((number) => isChosen(number, ratio))
      assert.approximately(chosen.length / numbers.length, ratio, ratio * 0.4)
      const early = chosen.filter((number) => number <= numbers.length / 2)
      assert.approximately(early.length / chosen.length, 0.5, 0.2)
      assert.isTrue(chosen.every((number) => isChosen(number, ratio)))
    }
  })

  it("may be all or nothing, of numbers beyond 32 bits too", () => {
    const far = numbers.slice(0, 1000).map((number) => number + 2 ** 40)
    assert.isTrue(far.every((number) => isChosen(number, 1)))
    assert.isFalse(far.some((number) => isChosen(number, 0)))
    assert.notDeepEqual(
      far.map((number) => isChosen(number, 0.5)),
      numbers.slice(0, 1000).map((number) => isChosen(number, 0.5))
    )
  })

  it("contains what a lower ratio chooses", () => {
    assert.isTrue(numbers.every((number) => !isChosen(number, 0.01) || isChosen(number, 0.02)))
  })
})

describe("ids", () => {
  it("have the lengths of W3C's, and derived ones are the same for the same text", () => {
    for (const id of [newTraceId(), traceIdOf("a/1")]) assert.match(id, /^[0-9a-f]{32}$/u)
    for (const id of [newSpanId(), spanIdOf("a/1")]) assert.match(id, /^[0-9a-f]{16}$/u)
    assert.strictEqual(traceIdOf("a/1"), traceIdOf("a/1"))
    assert.notStrictEqual(traceIdOf("a/1"), traceIdOf("a/2"))
    assert.notStrictEqual(newSpanId(), newSpanId())
  })
})

describe("a trace's context", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c"
  const parentId = "b7ad6b7169203331"

  it("goes on with the caller's trace and decision", () => {
    for (const [flags, isKept] of [
      ["01", true],
      ["03", true],
      ["00", false]
    ] as const) {
      const trace = traceOf(`00-${traceId}-${parentId}-${flags}`, 1)
      assert.deepInclude(trace, { traceId, parentId, isKept })
      assert.strictEqual(trace.traceparent, `00-${traceId}-${trace.spanId}-${flags}`)
    }
  })

  it("begins here otherwise, and is kept as often as was asked for", () => {
    for (const given of [
      undefined,
      "",
      `00-${traceId}-0000000000000000-01`,
      `ff-${traceId}-${parentId}-01`
    ]) {
      assert.deepInclude(traceOf(given, 1), { parentId: null, isKept: true })
      assert.deepInclude(traceOf(given), { parentId: null, isKept: false })
      assert.notStrictEqual(traceOf(given).traceId, traceId)
    }
  })
})
