import { assert, describe, it } from "@effect/vitest"
import { affected } from "../../src/runtime/RestartStrategy.ts"

describe("RestartStrategy", () => {
  const children = ["a", "b", "c"]

  it("names who is restarted, in start order", () => {
    assert.deepStrictEqual(affected("one-for-one", children, "b"), ["b"])
    assert.deepStrictEqual(affected("one-for-all", children, "b"), ["a", "b", "c"])
    assert.deepStrictEqual(affected("rest-for-one", children, "b"), ["b", "c"])
  })

  it("affects nobody for a child that has left", () => {
    for (const strategy of ["one-for-one", "one-for-all", "rest-for-one"] as const)
      assert.deepStrictEqual(affected(strategy, children, "z"), [])
  })
})
