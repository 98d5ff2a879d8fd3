import type { Row } from "../../domain/Change.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import { type KeyForm, keyForm } from "./KeyForm.ts"
import type { TargetColumn, TargetTable } from "./TargetTable.ts"

/** A column that is written: where its cell stands in the relation's rows, and what it is at the target. */
export interface FitColumn {
  readonly at: number
  readonly column: TargetColumn
  /** The source type's OID: whether texts of it may need quotes. */
  readonly sourceOid: number
}

/** How one version of a table's shape goes into a table at the target. */
export interface Fit {
  readonly relation: Relation
  readonly table: TargetTable
  /** What INSERT writes: everything but columns that the target computes. */
  readonly inserted: ReadonlyArray<FitColumn>
  /** What UPDATE may set: as inserted, without GENERATED ALWAYS identities. */
  readonly updated: ReadonlyArray<FitColumn>
  /** The columns that name a row; empty when the source names none. */
  readonly match: ReadonlyArray<FitColumn>
  /** The unique index that makes them name one row at most; null when none does. */
  readonly key: string | null
  /** One form per `match` column when keys can be compared here; null when only the target can. */
  readonly forms: ReadonlyArray<KeyForm> | null
  /** The target's own columns, but computed ones. Where there are any, a new key must move the row, not replace it. */
  readonly own: ReadonlyArray<TargetColumn>
  /** It has a GENERATED ALWAYS identity beside its key, which no UPDATE may set. */
  readonly frozen: boolean
  /** Why a batch with it goes row by row; null when the net effect is enough. */
  readonly rowByRow: string | null
}

/** Why a table does not fit, in words for whoever mends it. */
export interface Misfit {
  readonly table: string
  readonly detail: string
}

const list = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ")

const isSubset = (names: ReadonlyArray<string>, of: ReadonlySet<string>): boolean =>
  names.every((name) => of.has(name))

/** The columns to find a row by, and the index that makes them unique. */
const chooseMatch = (
  relation: Relation,
  table: TargetTable
): { readonly names: ReadonlyArray<string>; readonly key: string | null } => {
  const identity = relation.columns.filter((column) => column.key).map((column) => column.name)
  const known = new Set(identity)
  const key = table.keys.find((candidate) => isSubset(candidate.columns, known))
  if (key === undefined) return { names: identity, key: null }
  // Under FULL every old value is known: the target's own key is enough. Else the identity itself names the row.
  return { names: relation.identity === "full" ? key.columns : identity, key: key.index }
}

export const fitRelation = (relation: Relation, table: TargetTable | undefined): Fit | Misfit => {
  const name = tableName(relation)
  if (table === undefined) return { table: name, detail: "the target has no such table" }
  if (table.refused !== null) return { table: name, detail: table.refused }

  const missing = relation.columns.filter((column) => !table.columns.has(column.name))
  if (missing.length > 0) {
    return { table: name, detail: `the target lacks ${list(missing.map((column) => column.name))}` }
  }
  const given = new Set(relation.columns.map((column) => column.name))
  const own = [...table.columns.values()].filter((column) => !given.has(column.name))
  const required = own.filter((column) => column.required)
  if (required.length > 0) {
    const names = list(required.map((column) => column.name))
    return {
      table: name,
      detail: `the target needs a value or a default for ${names}, which the source does not have`
    }
  }

  const columns = relation.columns.flatMap((source, at): Array<FitColumn> => {
    const column = table.columns.get(source.name)
    return column === undefined ? [] : [{ at, column, sourceOid: source.typeOid }]
  })
  const inserted = columns.filter(({ column }) => !column.generated)
  const updated = inserted.filter(({ column }) => !column.identityAlways)
  const { names, key } = chooseMatch(relation, table)
  const match = columns.filter(({ column }) => names.includes(column.name))
  const forms = match.flatMap(({ at, column }): Array<KeyForm> => {
    const source = relation.columns[at]
    const form = source === undefined ? undefined : keyForm(source, column)
    return form === undefined ? [] : [form]
  })
  const comparable = key !== null && forms.length === match.length
  const matched = new Set(names)
  const frozen = inserted.some(({ column }) => column.identityAlways && !matched.has(column.name))
  return {
    relation,
    table,
    inserted,
    updated,
    match,
    key,
    forms: comparable ? forms : null,
    own: own.filter((column) => !column.generated),
    frozen,
    rowByRow:
      table.orderVisible ??
      (frozen ? "it has an identity column beside its key" : null) ??
      (inserted.length === 0 ? "it has no columns" : null) ??
      (key !== null && !comparable ? "only the target can compare its keys" : null)
  }
}

export const isMisfit = (fit: Fit | Misfit): fit is Misfit => "detail" in fit

/** The key's text, equal for equal keys; null when the row does not hold it. */
export const keyText = (fit: Fit, row: Row): string | null => {
  const { match, forms } = fit
  if (forms === null) return null
  const [first] = match
  const [form] = forms
  if (match.length === 1 && first !== undefined && form !== undefined) {
    const cell = row[first.at]
    return typeof cell === "string" ? form(cell) : null
  }
  let text = ""
  for (const [i, { at }] of match.entries()) {
    const cell = row[at]
    // No PostgreSQL text holds a NUL, so it separates.
    const formed = typeof cell === "string" ? forms[i]?.(cell) : null
    if (typeof formed !== "string") return null
    text += `${formed}\0`
  }
  return text
}
