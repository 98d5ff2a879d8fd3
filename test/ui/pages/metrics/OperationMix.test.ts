import { expect, test } from "vitest"
import { operationMix } from "../../../../ui/src/pages/metrics/OperationMix.ts"

const event = (table: string | null, operation: "insert" | "update" | "message", second: number) => ({
  schema: table === null ? null : "public",
  table,
  operation,
  commit_time: `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`
})

test("tables are told the busiest first, the rest together", () => {
  const mix = operationMix(
    [
      event("orders", "insert", 9),
      event("orders", "update", 8),
      event("stock", "update", 7),
      event(null, "message", 6)
    ],
    1
  )
  expect(mix).toMatchObject({
    changes: 4,
    newest: "2026-01-02T03:04:09Z",
    oldest: "2026-01-02T03:04:06Z",
    counts: { insert: 1, update: 2, delete: 0, truncate: 0, message: 1 },
    others: 2
  })
  expect(mix.tables).toEqual([
    {
      table: "public.orders",
      changes: 2,
      counts: { insert: 1, update: 1, delete: 0, truncate: 0, message: 0 }
    }
  ])
})

test("of nothing there is no time", () => {
  expect(operationMix([])).toMatchObject({ changes: 0, oldest: null, newest: null, tables: [] })
})
