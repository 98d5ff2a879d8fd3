import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { parseSearch, writeSearch } from "../../../ui/src/lib/SearchState.ts"

const shape = {
  fields: {
    table: Schema.String,
    operation: Schema.Literals(["insert", "update"]),
    page: Schema.FiniteFromString
  },
  defaults: { table: "", operation: "insert" as const, page: 1 }
}

describe("a page's state in its address", () => {
  it("what cannot be read is as if it were not there", () => {
    expect(parseSearch(shape, {})).toEqual({ table: "", operation: "insert", page: 1 })
    expect(parseSearch(shape, { operation: "drop", page: "x", table: "orders" })).toEqual({
      table: "orders",
      operation: "insert",
      page: 1
    })
    expect(parseSearch(shape, { page: ["3", "4"] }).page).toBe(3)
  })

  it("what is at its default does not stand in it, and all else comes back", () => {
    const written = writeSearch(shape, { table: "a b", operation: "insert", page: 7 })
    expect(written).toEqual({ table: "a b", operation: undefined, page: "7" })
    expect(parseSearch(shape, written)).toEqual({ table: "a b", operation: "insert", page: 7 })
  })
})
