import type { DatabaseSync } from "node:sqlite"
import { integerOf } from "./Row.ts"

/*
 * The lives that begin with numbers which the log had given before (`Incarnation.reusesNumbers`). Only such a file has
 * the table, so that others are read by programs that do not know of it.
 */

const table = "CREATE TABLE IF NOT EXISTS renumbering (incarnation INTEGER PRIMARY KEY) STRICT"

export const writeRenumbering = (db: DatabaseSync, incarnation: number): void => {
  db.exec(table)
  db.prepare("INSERT INTO renumbering VALUES (?)").run(incarnation)
}

/** The numbers of those lives. */
export const readRenumberings = (db: DatabaseSync): ReadonlySet<number> => {
  const has = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'renumbering'").get()
  const rows = has === undefined ? [] : db.prepare("SELECT incarnation FROM renumbering").all()
  return new Set(rows.map((row) => integerOf(row, "incarnation")))
}
