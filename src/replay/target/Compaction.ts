import {
  absent,
  type Change,
  type Row,
  type RowChange,
  type Truncate,
  type Update,
  unchanged
} from "../../domain/Change.ts"
import type { Relation } from "../../domain/Relation.ts"
import { type Fit, keyText } from "./Fit.ts"

/** What a batch comes to for one key. */
export interface Net {
  /** A row that holds the key's cells. */
  readonly key: Row
  /** History says that the row was there before the batch. */
  readonly existed: boolean
  /** The row of before must go: it was deleted, whatever came after. */
  readonly reset: boolean
  /** The row at the end, null when there is none. Only where `existed && !reset` may cells be `unchanged`. */
  readonly row: Row | null
}

/** What a stretch of changes comes to for one table. */
export interface TableNet {
  readonly fit: Fit
  /** In the order in which their keys came up. */
  readonly nets: ReadonlyMap<string, Net>
  /** Inserts into a table without a key, in order. */
  readonly appended: ReadonlyArray<Row>
}

/** What must happen one after the other. */
export type Step =
  | { readonly kind: "net"; readonly tables: ReadonlyArray<TableNet> }
  | { readonly kind: "truncate"; readonly change: Truncate }
  /** A change that only its own statement can make. */
  | { readonly kind: "single"; readonly change: RowChange }

export interface Plan {
  readonly steps: ReadonlyArray<Step>
  /** Changes that found the row not as history says, by the batch itself. */
  readonly converged: number
}

interface OpenTable {
  readonly fit: Fit
  readonly nets: Map<string, Net>
  readonly appended: Array<Row>
}

/** Values that an UPDATE did not touch are in its old row when that is whole (REPLICA IDENTITY FULL, or a TOASTed key). */
export const completeUpdate = (change: Update): Row => {
  const { after, before } = change
  if (before === null || !after.includes(unchanged)) return after
  return after.map((cell, i) => {
    if (cell !== unchanged) return cell
    const old = before[i]
    return old === undefined || old === absent ? cell : old
  })
}

/** Equal keys may still differ in their text, as numeric 1.0 and 1.00 do. */
const sameKeyCells = (fit: Fit, a: Row, b: Row): boolean => fit.match.every(({ at }) => a[at] === b[at])

/** The row with its unknown cells taken from an older version of itself. */
const fill = (row: Row, older: Row | null): Row =>
  older === null || !row.includes(unchanged)
    ? row
    : row.map((cell, i) => (cell === unchanged ? (older[i] ?? cell) : cell))

/**
 * The net effect per key of changes in order. Null when it cannot be told here and the changes must go one by one.
 *
 * A deleted and inserted row stays a delete and an insert: an update would keep what only the target has. TRUNCATE and
 * a table's new shape are barriers. A new key is a delete and an insert, or a step of its own where the row has cells
 * that nobody here knows.
 */
class Compaction {
  readonly #fitOf: (relation: Relation) => Fit
  readonly #steps: Array<Step> = []
  #tables = new Map<string, OpenTable>()
  /** By schema and name: another shape of the same table must not mix with the first. */
  #shapes = new Map<string, string>()
  #last: OpenTable | undefined
  #lastRelation: Relation | undefined
  #converged = 0

  constructor(fitOf: (relation: Relation) => Fit) {
    this.#fitOf = fitOf
  }

  /** False when it cannot be told here. */
  add(change: Change): boolean {
    switch (change.op) {
      case "message":
        return true
      case "truncate":
        this.#flush()
        this.#steps.push({ kind: "truncate", change })
        return true
      default:
        return this.#row(change)
    }
  }

  end(): Plan {
    this.#flush()
    return { steps: this.#steps, converged: this.#converged }
  }

  #flush(): void {
    if (this.#tables.size > 0) this.#steps.push({ kind: "net", tables: [...this.#tables.values()] })
    this.#tables = new Map()
    this.#shapes = new Map()
    this.#last = undefined
    this.#lastRelation = undefined
  }

  #table(relation: Relation): OpenTable {
    if (relation === this.#lastRelation && this.#last !== undefined) return this.#last
    let table = this.#tables.get(relation.fingerprint)
    if (table === undefined) {
      const name = `${relation.schema}\0${relation.name}`
      if (this.#shapes.has(name)) this.#flush()
      this.#shapes.set(name, relation.fingerprint)
      table = { fit: this.#fitOf(relation), nets: new Map(), appended: [] }
      this.#tables.set(relation.fingerprint, table)
    }
    this.#last = table
    this.#lastRelation = relation
    return table
  }

  #row(change: RowChange): boolean {
    const table = this.#table(change.relation)
    const { fit } = table
    if (fit.rowByRow !== null) return false
    if (fit.forms === null) {
      if (change.op !== "insert") return false
      table.appended.push(change.after)
      return true
    }
    switch (change.op) {
      case "insert": {
        const key = keyText(fit, change.after)
        if (key === null) return false
        this.#insert(table, key, change.after)
        return true
      }
      case "delete": {
        const key = keyText(fit, change.before)
        if (key === null) return false
        this.#delete(table, key, change.before)
        return true
      }
      case "update":
        return this.#update(table, change)
    }
  }

  #insert({ nets }: OpenTable, key: string, row: Row): void {
    const net = nets.get(key)
    if (net === undefined) nets.set(key, { key: row, existed: false, reset: false, row })
    else {
      if (net.row !== null) this.#converged++
      nets.set(key, { key: row, existed: net.existed, reset: net.reset, row })
    }
  }

  #delete({ nets }: OpenTable, key: string, row: Row): void {
    const net = nets.get(key)
    if (net === undefined) nets.set(key, { key: row, existed: true, reset: true, row: null })
    else {
      if (net.row === null) this.#converged++
      nets.set(key, { key: row, existed: net.existed, reset: true, row: null })
    }
  }

  #update(table: OpenTable, change: Update): boolean {
    const { fit, nets } = table
    const after = completeUpdate(change)
    const key = keyText(fit, after)
    const old = change.before === null ? key : keyText(fit, change.before)
    if (key === null || old === null) return false
    const net = nets.get(old)
    const moves = key !== old || (change.before !== null && !sameKeyCells(fit, change.before, after))
    if (moves) return this.#move(table, change, old, key, fill(after, net?.row ?? null))
    if (net === undefined) {
      nets.set(key, { key: after, existed: true, reset: false, row: after })
      return true
    }
    const row = fill(after, net.row)
    if (net.row === null) {
      // History says that there is no such row: what it says of this one is all there is.
      if (row.includes(unchanged)) return false
      this.#converged++
    }
    nets.set(key, { key: row, existed: net.existed, reset: net.reset, row })
    return true
  }

  #move(table: OpenTable, change: Update, old: string, key: string, row: Row): boolean {
    if (table.fit.own.length > 0 || row.includes(unchanged)) {
      this.#flush()
      this.#steps.push({ kind: "single", change })
      return true
    }
    this.#delete(table, old, change.before ?? row)
    this.#insert(table, key, row)
    return true
  }
}

export const compact = (
  stretches: ReadonlyArray<{ readonly changes: ReadonlyArray<Change> }>,
  fitOf: (relation: Relation) => Fit
): Plan | null => {
  const compaction = new Compaction(fitOf)
  for (const { changes } of stretches) {
    for (const change of changes) if (!compaction.add(change)) return null
  }
  return compaction.end()
}
