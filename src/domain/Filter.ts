import type { Change, Operation } from "./Change.ts"
import { type Relation, tableName } from "./Relation.ts"

/** Which changes are wanted. Logical messages belong to no table and pass only where no table is named. */
export interface Filter {
  /** `schema.table`; null for all. */
  readonly tables: ReadonlySet<string> | null
  /** Null for all. */
  readonly operations: ReadonlySet<Operation> | null
}

export const everything: Filter = { tables: null, operations: null }

export const makeFilter = (
  tables: ReadonlyArray<string> | null,
  operations: ReadonlyArray<Operation> | null
): Filter => ({
  tables: tables === null ? null : new Set(tables),
  operations: operations === null ? null : new Set(operations)
})

/** The change as the filter lets it through: itself, a TRUNCATE of fewer relations, or nothing. */
export const filterChange = (filter: Filter, change: Change): Change | undefined => {
  if (filter.operations !== null && !filter.operations.has(change.op)) return undefined
  const { tables } = filter
  if (tables === null) return change
  const wanted = (relation: Relation) => tables.has(tableName(relation))
  switch (change.op) {
    case "message":
      return undefined
    case "truncate": {
      const relations = change.relations.filter(wanted)
      if (relations.length === 0) return undefined
      return relations.length === change.relations.length ? change : { ...change, relations }
    }
    default:
      return wanted(change.relation) ? change : undefined
  }
}
