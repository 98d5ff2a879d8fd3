import { describe, expect, it } from "vitest"
import { rowWindow, scrollToRow } from "../../../ui/src/lib/RowWindow.ts"

const list = { viewport: 280, rowHeight: 28, total: 50_000, overscan: 5 }

describe("the rows of a long list that stand in the document", () => {
  it("cover what is seen at every scroll position", () => {
    const last = list.total * list.rowHeight - list.viewport
    for (let scrollTop = 0; scrollTop <= last; scrollTop += 1237) {
      const { first, end, offset } = rowWindow({ ...list, scrollTop })
      expect(offset).toBe(first * 28)
      expect(offset).toBeLessThanOrEqual(scrollTop)
      expect(end * 28).toBeGreaterThanOrEqual(scrollTop + list.viewport)
      expect(end - first).toBeLessThanOrEqual(10 + 2 * 5 + 1)
    }
  })

  it("a list that became shorter shows its end, not nothing", () => {
    const { first, end } = rowWindow({ ...list, total: 20, scrollTop: 100_000 })
    expect(end).toBe(20)
    expect(first).toBeLessThan(20)
  })

  it("an empty list has no rows", () => {
    expect(rowWindow({ ...list, total: 0, scrollTop: 50 })).toEqual({
      first: 0,
      end: 0,
      offset: 0,
      height: 0
    })
  })

  it("a row is brought into view with the least motion", () => {
    const view = { scrollTop: 280, viewport: 280, rowHeight: 28 }
    expect(scrollToRow(12, view)).toBe(280)
    expect(scrollToRow(9, view)).toBe(252)
    expect(scrollToRow(20, view)).toBe(308)
  })
})
