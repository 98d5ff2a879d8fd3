import { type Row, type RowChange, unchanged } from "../../domain/Change.ts"
import { completeUpdate } from "./Compaction.ts"
import type { Fit, FitColumn } from "./Fit.ts"
import type { Counted } from "./SetStatements.ts"
import { only, qualified, quoteName } from "./TargetTable.ts"
import { parameter } from "./ValueText.ts"

/** Collects a statement's parameters and gives each its place, cast to the column's type. */
class Parameters {
  readonly values: Array<string | null> = []
  add(row: Row, { at, column }: FitColumn): string {
    return `$${this.values.push(parameter(row[at]))}::${column.type}`
  }
}

/** Types whose equality says the same as their text: the rest is compared as text, so that 1.0 is not taken for 1.00. */
const sameAsText = new Set([16, 17, 20, 21, 23, 25, 26, 1043, 1082, 1083, 1114, 1184, 2950, 3220])

const condition = (fit: Fit, column: FitColumn, row: Row, parameters: Parameters): string => {
  const name = `t.${quoteName(column.column.name)}`
  if (typeof row[column.at] !== "string") return `${name} IS NULL`
  const wanted = parameters.add(row, column)
  const { equals, exact, baseOid } = column.column
  if (equals !== null && (fit.key !== null || (exact && sameAsText.has(baseOid))))
    return `${name} ${equals} ${wanted}`
  return `${name}::text COLLATE pg_catalog."C" = (${wanted})::text`
}

/**
 * The row that a change is about: by its key, or, where no index makes the match unique, one row of those that match.
 * `lead` goes before the statement, `using` into it.
 */
const locate = (fit: Fit, row: Row, parameters: Parameters) => {
  const conditions = fit.match.map((column) => condition(fit, column, row, parameters)).join(" AND ")
  if (fit.key !== null) return { lead: [], using: "", where: conditions }
  return {
    lead: [
      `hit AS MATERIALIZED (SELECT t.tableoid AS o, t.ctid AS c FROM ${only(fit.table)} AS t WHERE ${conditions} LIMIT 1)`
    ],
    using: "hit",
    where: "t.ctid = hit.c AND t.tableoid = hit.o"
  }
}

const withList = (parts: ReadonlyArray<string>): string =>
  parts.length === 0 ? "" : `WITH ${parts.join(", ")} `

const names = (columns: ReadonlyArray<FitColumn>): string =>
  columns.map(({ column }) => quoteName(column.name)).join(", ")

const finish = (sql: string, count: Counted["count"], parameters: Parameters): Counted => ({
  sql,
  count,
  rows: 1,
  parameters: parameters.values,
  keep: true
})

const insertSql = (fit: Fit, row: Row, parameters: Parameters, overriding: string): string =>
  fit.inserted.length === 0
    ? `INSERT INTO ${qualified(fit.table)} DEFAULT VALUES`
    : `INSERT INTO ${qualified(fit.table)} (${names(fit.inserted)}) OVERRIDING SYSTEM VALUE ` +
      `${overriding}${fit.inserted.map((column) => parameters.add(row, column)).join(", ")}`

/** `returning` for a WITH clause. */
const update = (fit: Fit, after: Row, by: Row, parameters: Parameters) => {
  const known = fit.updated.filter(({ at }) => after[at] !== unchanged)
  const { lead, using, where } = locate(fit, by, parameters)
  if (known.length === 0) {
    const from = using === "" ? "" : `, ${using}`
    return { lead, sql: `SELECT 1 FROM ${only(fit.table)} AS t${from} WHERE ${where}` }
  }
  const set = known.map((column) => `${quoteName(column.column.name)} = ${parameters.add(after, column)}`)
  const from = using === "" ? "" : ` FROM ${using}`
  return { lead, sql: `UPDATE ${only(fit.table)} AS t SET ${set.join(", ")}${from} WHERE ${where}` }
}

const deleteParts = (fit: Fit, by: Row, parameters: Parameters) => {
  const { lead, using, where } = locate(fit, by, parameters)
  return {
    lead,
    sql: `DELETE FROM ${only(fit.table)} AS t${using === "" ? "" : ` USING ${using}`} WHERE ${where}`
  }
}

/** Takes the row out and puts it back with its new values: the way to set a GENERATED ALWAYS identity. */
const rewrite = (fit: Fit, after: Row, by: Row): Counted => {
  const parameters = new Parameters()
  const taken = deleteParts(fit, by, parameters)
  const columns = [...fit.inserted.map(({ column }) => column), ...fit.own].map(({ name }) => quoteName(name))
  const values = [
    ...fit.inserted.map((column) =>
      after[column.at] === unchanged ? `d.${quoteName(column.column.name)}` : parameters.add(after, column)
    ),
    ...fit.own.map(({ name }) => `d.${quoteName(name)}`)
  ]
  return finish(
    `${withList([...taken.lead, `d AS (${taken.sql} RETURNING t.*)`])}INSERT INTO ${qualified(fit.table)} ` +
      `(${columns.join(", ")}) OVERRIDING SYSTEM VALUE SELECT ${values.join(", ")} FROM d`,
    "exact",
    parameters
  )
}

/** Overwrites the row that `by` names, or makes it. Its count is 1 if it had to be made. */
const upsert = (fit: Fit, row: Row, by: Row, count: "extra" | "missing"): Counted => {
  const parameters = new Parameters()
  const changed = update(fit, row, by, parameters)
  const returning = changed.sql.startsWith("UPDATE") ? " RETURNING 1" : ""
  const lead = withList([...changed.lead, `u AS (${changed.sql}${returning})`])
  const inserted = insertSql(fit, row, parameters, "SELECT ")
  return finish(`${lead}${inserted} WHERE NOT EXISTS (SELECT FROM u)`, count, parameters)
}

const movesIdentity = (fit: Fit, after: Row, by: Row): boolean =>
  fit.inserted.some(
    ({ at, column }) => column.identityAlways && after[at] !== unchanged && after[at] !== by[at]
  )

/**
 * A change as a statement of its own. Plain: the target must be as history says. Converging: what should be new
 * overwrites, what should be there is made, if all columns are known. Of a table whose rows nothing names only
 * INSERT can be told.
 */
export const rowStatement = (fit: Fit, change: RowChange, converging: boolean): Counted => {
  if (change.op === "insert") {
    const row = change.after
    if (converging && fit.key !== null && fit.inserted.length > 0) return upsert(fit, row, row, "missing")
    const parameters = new Parameters()
    const values = insertSql(fit, row, parameters, "VALUES (")
    return finish(fit.inserted.length === 0 ? values : `${values})`, "exact", parameters)
  }
  if (change.op === "delete") {
    const parameters = new Parameters()
    const { lead, sql } = deleteParts(fit, change.before, parameters)
    return finish(`${withList(lead)}${sql}`, "missing", parameters)
  }
  const after = completeUpdate(change)
  const by = change.before ?? after
  if (fit.frozen || movesIdentity(fit, after, by)) return rewrite(fit, after, by)
  if (converging && fit.inserted.length > 0 && !after.includes(unchanged))
    return upsert(fit, after, by, "extra")
  const parameters = new Parameters()
  const { lead, sql } = update(fit, after, by, parameters)
  return finish(`${withList(lead)}${sql}`, "exact", parameters)
}
