import type { Event } from "../../../src/domain/Event.ts"
import { lineText } from "./LineText.ts"

/** What is known of a column on one side of a change: three kinds of "no value" that mean different things. */
export type Cell =
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "null" }
  /** TOASTed and not touched: PostgreSQL does not write it to the WAL again. */
  | { readonly kind: "untouched" }
  /** Of an old row, and not part of the replica identity: never written. */
  | { readonly kind: "unknown" }

export interface ColumnChange {
  readonly name: string
  readonly isKey: boolean
  /** Null on the side where there is no row. */
  readonly before: Cell | null
  readonly after: Cell | null
  /** `open`: the old value is not known, so nobody can tell. */
  readonly change: "changed" | "open" | "same"
}

export type RowEvent = Pick<Event, "operation" | "key" | "before" | "after" | "unchanged">

type Values = Readonly<Record<string, string | null>>

const known = (value: string | null): Cell =>
  value === null ? { kind: "null" } : { kind: "value", text: value }
const has = (values: Values | null, name: string): values is Values =>
  values !== null && Object.hasOwn(values, name)

const isSame = (a: Cell, b: Cell): boolean =>
  a.kind === "value" && b.kind === "value" ? a.text === b.text : a.kind === b.kind

const oldCell = ({ before, key }: RowEvent, name: string): Cell => {
  if (has(before, name)) return known(before[name] ?? null)
  // Without an old row the key is as it was: it is the one in the new row.
  if (before === null && has(key, name)) return known(key[name] ?? null)
  return { kind: "unknown" }
}

const newCell = ({ after, unchanged }: RowEvent, name: string): Cell =>
  has(after, name)
    ? known(after[name] ?? null)
    : unchanged.includes(name)
      ? { kind: "untouched" }
      : { kind: "unknown" }

const verdict = (before: Cell, after: Cell): ColumnChange["change"] => {
  if (after.kind === "untouched") return "same"
  if (before.kind === "unknown" || after.kind === "unknown") return "open"
  return isSame(before, after) ? "same" : "changed"
}

const order = ["changed", "open", "same"] as const

/** One line for each column that anything is known of: what changed first, then in the table's order. */
export const columnChanges = (event: RowEvent): ReadonlyArray<ColumnChange> => {
  const names = new Set([
    ...Object.keys(event.after ?? {}),
    ...event.unchanged,
    ...Object.keys(event.before ?? {}),
    ...Object.keys(event.key ?? {})
  ])
  const changes = [...names].map((name): ColumnChange => {
    const isKey = has(event.key, name)
    if (event.operation === "insert") {
      return { name, isKey, before: null, after: newCell(event, name), change: "changed" }
    }
    const before = oldCell(event, name)
    if (event.operation === "delete") return { name, isKey, before, after: null, change: "changed" }
    const after = newCell(event, name)
    return { name, isKey, before, after, change: verdict(before, after) }
  })
  return changes.toSorted((a, b) => order.indexOf(a.change) - order.indexOf(b.change))
}

/** Whether the old row came with its key only, or not at all: what REPLICA IDENTITY FULL would add. */
export const lacksOldRow = ({ operation, before, key }: RowEvent): boolean => {
  if (operation === "update") return before === null
  if (operation !== "delete" || before === null || key === null) return false
  return Object.keys(before).every((name) => has(key, name))
}

/** `id = 17, day = 2026-01-02`: the row that it is about. */
export const keyText = (key: Values | null): string =>
  key === null
    ? ""
    : Object.entries(key)
        .map(([name, value]) => `${lineText(name)} = ${value === null ? "null" : lineText(value)}`)
        .join(", ")
