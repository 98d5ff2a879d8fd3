import {
  absent,
  type Cell,
  type Change,
  type Row,
  type RowChange,
  unchanged
} from "../../src/domain/Change.ts"
import { type Relation, tableName } from "../../src/domain/Relation.ts"

/** Column name to text. */
export type NaiveRow = Map<string, string | null>

const known = (cell: Cell | undefined): cell is string | null =>
  cell !== undefined && cell !== absent && cell !== unchanged

/** The columns by which the change names its old row. */
const identity = (change: RowChange): ReadonlyArray<readonly [string, string | null]> => {
  const { relation } = change
  const old: Row =
    change.op === "insert" ? [] : change.op === "delete" ? change.before : (change.before ?? change.after)
  return relation.columns.flatMap((column, i) => {
    const cell = old[i]
    return column.key && known(cell) ? [[column.name, cell] as const] : []
  })
}

/**
 * What a stream of changes comes to, row by row and without any cleverness: the model that capture is held against.
 * A change of a row that is not there is an error.
 */
export class NaiveTables {
  readonly tables = new Map<string, Array<NaiveRow>>()

  apply(change: Change): void {
    if (change.op === "message") return
    if (change.op === "truncate") {
      for (const relation of change.relations) this.tables.set(tableName(relation), [])
      return
    }
    const rows = this.#rows(change.relation)
    if (change.op === "insert") {
      rows.push(this.#merge(new Map(), change.relation, change.after))
      return
    }
    const names = identity(change)
    const index = rows.findIndex((row) => names.every(([name, text]) => row.get(name) === text))
    const found = rows[index]
    if (found === undefined) throw new Error(`${change.op} of a missing row of ${tableName(change.relation)}`)
    if (change.op === "delete") rows.splice(index, 1)
    else this.#merge(found, change.relation, change.after)
  }

  #rows(relation: Relation): Array<NaiveRow> {
    const name = tableName(relation)
    const rows = this.tables.get(name) ?? []
    this.tables.set(name, rows)
    return rows
  }

  #merge(row: NaiveRow, relation: Relation, after: Row): NaiveRow {
    for (const [i, column] of relation.columns.entries()) {
      const cell = after[i]
      if (known(cell)) row.set(column.name, cell)
      else if (!row.has(column.name)) throw new Error(`no value for ${tableName(relation)}.${column.name}`)
    }
    return row
  }
}
