import { expect, test } from "vitest"
import { columnChanges, keyText, lacksOldRow, type RowEvent } from "../../../ui/src/lib/ColumnDiff.ts"
import { messageText } from "../../../ui/src/lib/MessageText.ts"

const event = (over: Partial<RowEvent>): RowEvent => ({
  operation: "update",
  key: { id: "1" },
  before: null,
  after: null,
  unchanged: [],
  ...over
})
const told = (over: Partial<RowEvent>) =>
  columnChanges(event(over)).map(({ name, before, after, change }) => [
    name,
    before === null ? null : before.kind === "value" ? before.text : `(${before.kind})`,
    after === null ? null : after.kind === "value" ? after.text : `(${after.kind})`,
    change
  ])

test("an insert has new values only; null is not an empty text", () => {
  expect(told({ operation: "insert", after: { id: "1", name: "", note: null } })).toEqual([
    ["id", null, "1", "changed"],
    ["name", null, "", "changed"],
    ["note", null, "(null)", "changed"]
  ])
})

test("with the whole old row what changed comes first, and null differs from a value", () => {
  const before = { id: "1", name: "a", note: null, size: "3" }
  const after = { id: "1", name: "a", note: "x", size: null }
  expect(told({ before, after })).toEqual([
    ["note", "(null)", "x", "changed"],
    ["size", "3", "(null)", "changed"],
    ["id", "1", "1", "same"],
    ["name", "a", "a", "same"]
  ])
})

test("without an old row the key is as it was, and of the rest nobody can tell", () => {
  expect(told({ after: { id: "1", name: "b" } })).toEqual([
    ["name", "(unknown)", "b", "open"],
    ["id", "1", "1", "same"]
  ])
  expect(lacksOldRow(event({ after: { id: "1", name: "b" } }))).toBe(true)
})

test("a changed key comes with the old key only", () => {
  expect(told({ key: { id: "1" }, before: { id: "1" }, after: { id: "2", name: "b" } })).toEqual([
    ["id", "1", "2", "changed"],
    ["name", "(unknown)", "b", "open"]
  ])
})

test("a TOASTed value that was not touched is neither null nor unknown", () => {
  expect(told({ after: { id: "1" }, unchanged: ["body"] })).toEqual([
    ["id", "1", "1", "same"],
    ["body", "(unknown)", "(untouched)", "same"]
  ])
  expect(told({ before: { id: "1", body: "long" }, after: { id: "1" }, unchanged: ["body"] })).toContainEqual(
    ["body", "long", "(untouched)", "same"]
  )
})

test("a delete shows what it has of the old row, and whether that is the key only", () => {
  const keyOnly = event({ operation: "delete", before: { id: "1" } })
  const whole = event({ operation: "delete", before: { id: "1", name: "a" } })
  expect(lacksOldRow(keyOnly)).toBe(true)
  expect(lacksOldRow(whole)).toBe(false)
  expect(told({ operation: "delete", before: { id: "1", name: null } })).toEqual([
    ["id", "1", null, "changed"],
    ["name", "(null)", null, "changed"]
  ])
})

test("a key reads as a condition", () => {
  expect(keyText({ id: "17", day: null })).toBe("id = 17, day = null")
  expect(keyText(null)).toBe("")
})

test("a message is text where its bytes are, else base64", () => {
  expect(messageText(btoa("hello"))).toEqual({ text: "hello", isText: true })
  expect(messageText("/w==")).toEqual({ text: "/w==", isText: false })
})
