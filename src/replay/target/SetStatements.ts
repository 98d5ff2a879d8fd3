import { type Row, unchanged } from "../../domain/Change.ts"
import type { Statement } from "./Burst.ts"
import type { Net, TableNet } from "./Compaction.ts"
import type { Fit, FitColumn } from "./Fit.ts"
import { only, qualified, quoteName } from "./TargetTable.ts"
import { arrayText, copyText } from "./ValueText.ts"

/** What a statement's count of rows says. */
export interface Counted extends Statement {
  /**
   * `exact`: another count means that the target is not as history says, and the statement did too little.
   * `missing`: each row below `rows` was not there. `extra`: each row was one too many or had to be made. `any`: nothing.
   */
  readonly count: "exact" | "missing" | "extra" | "any"
  /** How many rows it is about. */
  readonly rows: number
}

/** Columns of many rows as a table `d`, each as the target's type: arrays of the type, or of text where it has none. */
const source = (columns: ReadonlyArray<FitColumn>): string => {
  const arrays = columns.map(({ column }, i) => `$${i + 1}::${column.arrays ? column.type : "text"}[]`)
  return `unnest(${arrays.join(", ")}) AS d (${columns.map((_, i) => `c${i}`).join(", ")})`
}

const value = ({ column }: FitColumn, i: number): string =>
  column.arrays ? `d.c${i}` : `d.c${i}::${column.type}`

const matches = (match: ReadonlyArray<FitColumn>, columns: ReadonlyArray<FitColumn>): string =>
  match.map((key) => `t.${quoteName(key.column.name)} = ${value(key, columns.indexOf(key))}`).join(" AND ")

const make = (
  sql: string,
  count: Counted["count"],
  columns: ReadonlyArray<FitColumn>,
  rows: ReadonlyArray<Row>
): Counted => ({
  sql,
  count,
  rows: rows.length,
  parameters: columns.map((column) => arrayText(rows, column)),
  keep: true
})

const deleteRows = (fit: Fit, count: "missing" | "extra", rows: ReadonlyArray<Row>): Counted =>
  make(
    `DELETE FROM ${only(fit.table)} AS t USING ${source(fit.match)} WHERE ${matches(fit.match, fit.match)}`,
    count,
    fit.match,
    rows
  )

/** Of a row that is as history says the key stays as it is; else its text may differ, as in 1.0 and 1.00. */
const settable = (fit: Fit, present: ReadonlyArray<FitColumn>, count: Counted["count"]) =>
  present.filter(
    (column) => fit.updated.includes(column) && (count !== "exact" || !fit.match.includes(column))
  )

const updateSql = (fit: Fit, columns: ReadonlyArray<FitColumn>, set: ReadonlyArray<FitColumn>): string => {
  const assigned = set.map(
    (column) => `${quoteName(column.column.name)} = ${value(column, columns.indexOf(column))}`
  )
  return `UPDATE ${only(fit.table)} AS t SET ${assigned.join(", ")} FROM ${source(columns)} WHERE ${matches(fit.match, columns)}`
}

/** A table whose columns are all key has nothing to set: then whether the row is there is all there is to an update. */
const touchSql = (fit: Fit): string =>
  `SELECT FROM ${only(fit.table)} AS t JOIN ${source(fit.match)} ON ${matches(fit.match, fit.match)}`

const updateRows = (
  fit: Fit,
  count: "exact" | "extra" | "any",
  present: ReadonlyArray<FitColumn>,
  rows: ReadonlyArray<Row>
): Counted => {
  const set = settable(fit, present, count)
  if (set.length === 0) return make(touchSql(fit), count, fit.match, rows)
  const columns = [...fit.match, ...set.filter((column) => !fit.match.includes(column))]
  return make(updateSql(fit, columns, set), count, columns, rows)
}

const names = (columns: ReadonlyArray<FitColumn>): string =>
  columns.map(({ column }) => quoteName(column.name)).join(", ")

/** COPY writes identity columns as given, and is the fastest way in. */
const insertRows = (fit: Fit, rows: ReadonlyArray<Row>): Counted => ({
  sql: `COPY ${qualified(fit.table)} (${names(fit.inserted)}) FROM STDIN`,
  count: "any",
  rows: rows.length,
  parameters: [],
  copy: copyText(rows, fit.inserted),
  keep: true
})

/** Inserts those rows that are not there. */
const completeRows = (fit: Fit, count: "extra" | "any", rows: ReadonlyArray<Row>): Counted => {
  const columns = [...fit.inserted, ...fit.match.filter((column) => !fit.inserted.includes(column))]
  const values = fit.inserted.map((column, i) => value(column, i)).join(", ")
  return make(
    `INSERT INTO ${qualified(fit.table)} (${names(fit.inserted)}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ${source(columns)} ` +
      `WHERE NOT EXISTS (SELECT FROM ${only(fit.table)} AS t WHERE ${matches(fit.match, columns)})`,
    count,
    columns,
    rows
  )
}

/** Updates by the columns that they know. */
const byPresence = (fit: Fit, nets: ReadonlyArray<Net>) => {
  const groups = new Map<string, { readonly present: ReadonlyArray<FitColumn>; readonly rows: Array<Row> }>()
  for (const { row } of nets) {
    if (row === null) continue
    const whole = !row.includes(unchanged)
    const present = whole ? fit.inserted : fit.inserted.filter(({ at }) => row[at] !== unchanged)
    const name = whole ? "" : present.map(({ at }) => at).join()
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { present, rows: [row] })
    else group.rows.push(row)
  }
  return groups.values()
}

export interface TableStatements {
  readonly deletes: ReadonlyArray<Counted>
  readonly updates: ReadonlyArray<Counted>
  readonly inserts: ReadonlyArray<Counted>
}

const sort = (table: TableNet) => {
  const gone: Array<Row> = []
  const cleared: Array<Row> = []
  const updated: Array<Net> = []
  const inserted: Array<Row> = []
  for (const net of table.nets.values()) {
    if (net.reset) (net.existed ? gone : cleared).push(net.key)
    if (net.row === null) continue
    if (net.existed && !net.reset) updated.push(net)
    else inserted.push(net.row)
  }
  return { gone, cleared, updated, inserted }
}

const deletesOf = (fit: Fit, gone: ReadonlyArray<Row>, cleared: ReadonlyArray<Row>) => [
  ...(gone.length === 0 ? [] : [deleteRows(fit, "missing", gone)]),
  ...(cleared.length === 0 ? [] : [deleteRows(fit, "extra", cleared)])
]

/** For a target that is as history says: anything else shows as a wrong count or a duplicate key. */
export const plainStatements = (table: TableNet): TableStatements => {
  const { fit } = table
  const { gone, cleared, updated, inserted } = sort(table)
  const rows = table.appended.length === 0 ? inserted : table.appended
  return {
    deletes: deletesOf(fit, gone, cleared),
    updates: [...byPresence(fit, updated)].map(({ present, rows }) =>
      updateRows(fit, "exact", present, rows)
    ),
    inserts: rows.length === 0 ? [] : [insertRows(fit, rows)]
  }
}

/**
 * For a target that is not as history says: rows that should be new overwrite those that are there, rows that should be
 * there are made, and the counts say how often. An update that does not know all columns cannot make a row.
 */
export const convergingStatements = (table: TableNet): TableStatements => {
  const { fit } = table
  if (table.appended.length > 0) return plainStatements(table)
  const { gone, cleared, updated, inserted } = sort(table)
  const updates: Array<Counted> = []
  const inserts: Array<Counted> = []
  for (const { present, rows } of byPresence(fit, updated)) {
    const whole = present.length === fit.inserted.length
    updates.push(updateRows(fit, whole ? "any" : "exact", present, rows))
    if (whole) inserts.push(completeRows(fit, "extra", rows))
  }
  if (inserted.length > 0) {
    updates.push(updateRows(fit, "extra", fit.inserted, inserted))
    inserts.push(completeRows(fit, "any", inserted))
  }
  return { deletes: deletesOf(fit, gone, cleared), updates, inserts }
}
