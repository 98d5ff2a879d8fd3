/** Columns that must not be captured, each as `schema.table.column`. */
export type ExcludedColumns = ReadonlySet<string>

export const noExcludedColumns: ExcludedColumns = new Set()

export const isExcluded = (
  excluded: ExcludedColumns,
  schema: string,
  table: string,
  column: string
): boolean => excluded.size > 0 && excluded.has(`${schema}.${table}.${column}`)
