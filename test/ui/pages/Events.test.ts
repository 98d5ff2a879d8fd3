import { describe, expect, it } from "vitest"
import type { LiveEventJson } from "../../../src/control/api/LiveFrames.ts"
import { changeText } from "../../../ui/src/pages/events/ChangeText.ts"
import { csvOf, cutOf, ndjsonOf } from "../../../ui/src/pages/events/Export.ts"
import { parseFilter, writeFilter } from "../../../ui/src/pages/events/FilterText.ts"
import { replaysOf } from "../../../ui/src/pages/events/ReplaysOf.ts"
import { exampleJob } from "../JobExample.ts"

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

describe("the replays that a change belongs to", () => {
  const seqs = (event: Partial<typeof exampleJob>) =>
    replaysOf({ ...change, seq: 150 }, [{ ...exampleJob, ...event }])
  const change = { seq: 150, ordinal: 3, schema: "public", table: "orders", operation: "update" as const }

  it("have it in their window, and pass it on", () => {
    expect(seqs({}).length).toBe(1)
    expect(seqs({ start_seq: 151 })).toEqual([])
    expect(seqs({ end_seq: 150 })).toEqual([])
    expect(seqs({ start_seq: null, end_seq: null })).toEqual([])
    expect(seqs({ end_seq: null, follow: true }).length).toBe(1)
    expect(seqs({ tables: ["public.carts"] })).toEqual([])
    expect(seqs({ operations: ["insert"] })).toEqual([])
  })

  it("have done it when their checkpoint is behind it", () => {
    const at = (seq: number, ordinal: number) =>
      seqs({ checkpoint: { seq, ordinal, commit_time: null, hints: {} } })[0]?.isDone
    expect([at(150, 2), at(150, 3), at(151, 0), at(149, 9)]).toEqual([false, true, true, false])
    expect(seqs({ checkpoint: null, status: "completed" })[0]?.isDone).toBe(true)
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
    ['table:"odd one.a b" key:"x y" z', { table: "odd one.a b", key: "x y", text: "z" }],
    ['say "hello"', { table: "", key: "", text: 'say "hello"' }],
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
