import type { AuditJson } from "../../../../src/control/api/AuditJson.ts"
import type { RowEvent } from "../../lib/ColumnDiff.ts"

type State = AuditJson["before"]
type Members = Readonly<Record<string, State>>

const isMembers = (state: State): state is Members =>
  typeof state === "object" && state !== null && !Array.isArray(state)

const textOf = (value: State | undefined): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value)

/** What something was and has become, as a row's change: a member a column. Null where nothing is told of it. */
export const stateChange = ({ before, after }: Pick<AuditJson, "before" | "after">): RowEvent | null => {
  const was = isMembers(before) ? before : null
  const is = isMembers(after) ? after : null
  if (was === null && is === null) return null
  const names = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])]
  const values = (state: Members) => Object.fromEntries(names.map((name) => [name, textOf(state[name])]))
  return {
    operation: was === null ? "insert" : is === null ? "delete" : "update",
    key: null,
    before: was === null ? null : values(was),
    after: is === null ? null : values(is),
    unchanged: []
  }
}

/** Where what it was done to can be looked at; null where there is no such page. */
export const hrefOf = ({ action, target }: Pick<AuditJson, "action" | "target">): string | null => {
  if (target === null) return null
  if (action.startsWith("jobs.")) return `/jobs/${encodeURIComponent(target)}`
  if (action.startsWith("keys.")) return "/api-keys"
  if (action.startsWith("users.")) return "/users"
  return action === "system.acceptGap" ? "/system" : null
}
