import type { Operation } from "../../../../src/domain/Change.ts"
import type { Event } from "../../../../src/domain/Event.ts"

export interface TableMix {
  readonly table: string
  readonly changes: number
  readonly counts: Readonly<Record<Operation, number>>
}

/** What the newest changes of the live buffer come to. */
export interface OperationMix {
  readonly changes: number
  /** Commit times; null where there are none. */
  readonly oldest: string | null
  readonly newest: string | null
  readonly counts: Readonly<Record<Operation, number>>
  /** The busiest first, at most so many; `others` has the rest's changes. */
  readonly tables: ReadonlyArray<TableMix>
  readonly others: number
}

const none = { insert: 0, update: 0, delete: 0, truncate: 0, message: 0 } as const
const messages = "messages"

type Counted = Pick<Event, "operation" | "schema" | "table" | "commit_time">

/** `events`: newest first. */
export const operationMix = (events: ReadonlyArray<Counted>, most = 6): OperationMix => {
  const counts: Record<Operation, number> = { ...none }
  const tables = new Map<string, Record<Operation, number>>()
  for (const { operation, schema, table } of events) {
    counts[operation] += 1
    const name = table === null ? messages : `${schema}.${table}`
    const held = tables.get(name) ?? { ...none }
    held[operation] += 1
    tables.set(name, held)
  }
  const sorted = [...tables]
    .map(([table, held]) => ({
      table,
      counts: held,
      changes: Object.values(held).reduce((sum, count) => sum + count, 0)
    }))
    .sort((a, b) => b.changes - a.changes)
  return {
    changes: events.length,
    oldest: events.at(-1)?.commit_time ?? null,
    newest: events[0]?.commit_time ?? null,
    counts,
    tables: sorted.slice(0, most),
    others: sorted.slice(most).reduce((sum, { changes }) => sum + changes, 0)
  }
}
