import { expect, test } from "vitest"
import { auditFilterOf } from "../../../../ui/src/pages/audit/AuditSearch.ts"
import { hrefOf, stateChange } from "../../../../ui/src/pages/audit/AuditState.ts"

test("what something has become reads as a row's change, a member a column", () => {
  expect(stateChange({ before: { speed_factor: 1, tables: null }, after: { speed_factor: "max" } })).toEqual({
    operation: "update",
    key: null,
    before: { speed_factor: "1", tables: null },
    after: { speed_factor: "max", tables: null },
    unchanged: []
  })
})

test("what began is an insert, what is no more a delete, and of nothing nothing is shown", () => {
  expect(stateChange({ before: null, after: { tables: ["public.a"] } })).toMatchObject({
    operation: "insert",
    before: null,
    after: { tables: '["public.a"]' }
  })
  expect(stateChange({ before: { name: "a" }, after: null })).toMatchObject({
    operation: "delete",
    after: null
  })
  expect(stateChange({ before: null, after: null })).toBeNull()
})

test("what has a page is linked to it", () => {
  expect(hrefOf({ action: "jobs.start", target: "a b" })).toBe("/jobs/a%20b")
  expect(hrefOf({ action: "keys.create", target: "F1NG" })).toBe("/api-keys")
  expect(hrefOf({ action: "auth.token", target: "admin" })).toBeNull()
  expect(hrefOf({ action: "jobs.list", target: null })).toBeNull()
})

test("only what is chosen is asked for, and no time that cannot be read", () => {
  const all = { actor: "", action: "", target: "", outcome: "", start: "", end: "" } as const
  expect(auditFilterOf(all)).toEqual({})
  expect(auditFilterOf({ ...all, actor: "ada", outcome: "refused", start: "yesterday" })).toEqual({
    actor: "ada",
    outcome: "refused"
  })
})
