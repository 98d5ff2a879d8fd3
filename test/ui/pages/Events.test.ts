import { describe, expect, it } from "vitest"
import type { LiveEventJson } from "../../../src/control/api/LiveFrames.ts"
import { changeText } from "../../../ui/src/pages/events/ChangeText.ts"
import { csvOf, cutOf, ndjsonOf } from "../../../ui/src/pages/events/Export.ts"
import { parseFilter, writeFilter } from "../../../ui/src/pages/events/FilterText.ts"

const event: LiveEventJson = {
  position: "p",
  seq: 7,
  commit_lsn: "0/1",
  ordinal: 0,
  tx_count: 1,
  xid: 1,
  commit_time: "2026-11-22T14:32:07.409118Z",
  source: "shop",
  schema: "public",
  table: "orders",
  operation: "update",
  key: { id: "1" },
  before: { id: "1", state: "paid", note: null },
  after: { id: "1", state: "shipped", note: null },
  unchanged: ["profile"]
}

describe("a change in one line", () => {
  it("says what changed, by the key", () => {
    expect(changeText(event)).toBe("id 1 · state paid → shipped · profile unchanged")
    expect(
      changeText({ ...event, operation: "delete", before: { id: "1" }, after: null, unchanged: [] })
    ).toBe("id 1 · key only")
  })

  it("says as much as there is of what has no row, or is too large", () => {
    const bare = { ...event, key: null, before: null, after: null, unchanged: [] }
    const truncate = { tables: ["a.b", "a.c"], cascade: true, restart_identity: false }
    expect(changeText({ ...bare, operation: "truncate", truncate })).toBe("a.b, a.c · cascade")
    expect(changeText({ ...event, cut: { bytes: 400_000, href: "/x" } })).toContain("400 kB")
    expect(changeText({ ...event, before: null, after: { id: "x".repeat(500) } }).length).toBeLessThan(100)
  })
})

describe("values of any script", () => {
  it("turn around nothing but themselves", () => {
    const after = { a: "\u202Eevil", b: "שלום", c: "plain" }
    expect(changeText({ ...event, operation: "insert", before: null, after, unchanged: [] })).toBe(
      "a \\u202Eevil · b \u2068שלום\u2069 · c plain"
    )
  })
})

describe("a filter as it is typed", () => {
  it.each([
    ["", { table: "", key: "", text: "" }],
    ["table:public.orders key:5 paid twice", { table: "public.orders", key: "5", text: "paid twice" }],
    ["  state:paid ", { table: "", key: "", text: "state:paid" }]
  ])("%j", (typed, filter) => {
    expect(parseFilter(typed)).toEqual(filter)
    expect(parseFilter(writeFilter(filter))).toEqual(filter)
  })
})

describe("what is exported", () => {
  it("is no formula for a spreadsheet, and every line is one row", () => {
    const table = '=HYPERLINK("http://x")\n+1'
    const [, row] = csvOf([{ ...event, table }]).split("\r\n")
    expect(row).toContain(`"'=HYPERLINK(""http://x"")\n+1"`)
    for (const sign of ["+", "-", "@", "\t"])
      expect(csvOf([{ ...event, table: `${sign}1` }])).toContain(`'${sign}1`)
  })

  it("tells all kinds of changes, and which came without their values", () => {
    const bare = { ...event, key: null, before: null, after: null, unchanged: [] }
    const truncate = { tables: ["a.b"], cascade: true, restart_identity: false }
    const cut = { ...bare, cut: { bytes: 9, href: "/x" } }
    const rows = csvOf([event, { ...bare, operation: "truncate", truncate }, cut]).split("\r\n")
    expect(rows[0]).toContain("unchanged,truncate,message,cut")
    expect(rows[1]).toContain('"[""profile""]"')
    expect(rows[2]).toContain('""tables"":[""a.b""]')
    expect(rows[3]).toContain('""href"":""/x""')
    expect(cutOf([event, cut])).toBe(1)
  })

  it("comes back as it was from NDJSON", () => {
    const lines = ndjsonOf([event, event]).trimEnd().split("\n")
    expect(lines.map((line) => JSON.parse(line))).toEqual([event, event])
  })
})
