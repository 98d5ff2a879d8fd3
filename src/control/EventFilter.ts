import type { Operation } from "../domain/Change.ts"
import type { Event } from "../domain/Event.ts"

/** What a person looks for among events. All that is given must hold. */
export interface EventFilter {
  /** `schema.table`, or a table's name in any schema. */
  readonly table?: string | undefined
  readonly operation?: Operation | undefined
  /** A key column's value. */
  readonly key?: string | undefined
  /** Part of a value, a column's or a table's name, in any case. */
  readonly text?: string | undefined
}

const tablesOf = (event: Event): ReadonlyArray<string> =>
  event.truncate?.tables ?? (event.table === null ? [] : [`${event.schema}.${event.table}`])

const isTable = (wanted: string, table: string): boolean =>
  table === wanted || table.slice(table.indexOf(".") + 1) === wanted

const hasText = (event: Event, lower: string): boolean => {
  const has = (value: string | null) => value?.toLowerCase().includes(lower) === true
  if (tablesOf(event).some(has) || has(event.message?.prefix ?? null)) return true
  return [event.after, event.before].some(
    (row) => row !== null && Object.entries(row).some(([column, value]) => has(column) || has(value))
  )
}

export const matchesEvent = (filter: EventFilter, event: Event): boolean => {
  const { table, operation, key, text } = filter
  if (operation !== undefined && event.operation !== operation) return false
  if (table !== undefined && !tablesOf(event).some((name) => isTable(table, name))) return false
  if (key !== undefined && !Object.values(event.key ?? {}).includes(key)) return false
  return text === undefined || hasText(event, text.toLowerCase())
}

export const isEverything = (filter: EventFilter): boolean =>
  Object.values(filter).every((value) => value === undefined)
