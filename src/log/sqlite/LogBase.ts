import type { DatabaseSync } from "node:sqlite"
import type { LogBase, SegmentHeads } from "./Protocol.ts"
import { checkedRow, rowChecksum, textOf } from "./Row.ts"
import { corrupt } from "./SqliteFault.ts"

/*
 * Where a log that continues another one begins. Only such a file has the table, so that logs of their own are read
 * by programs that do not know of it.
 */

const table =
  "CREATE TABLE IF NOT EXISTS base (one INTEGER PRIMARY KEY CHECK (one = 1), json TEXT NOT NULL, crc INTEGER NOT NULL) STRICT"

const lsnKeys: ReadonlySet<string> = new Set(["commitLsn", "endLsn"])

export const writeBase = (db: DatabaseSync, { id, last }: LogBase): void => {
  db.exec(table)
  const json = JSON.stringify({ id, last }, (_, value) => (typeof value === "bigint" ? String(value) : value))
  db.prepare("INSERT OR REPLACE INTO base VALUES (1, ?, ?)").run(json, rowChecksum([1, json]))
}

export const readBase = (db: DatabaseSync): LogBase | null => {
  const has = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'base'").get()
  const row = has === undefined ? undefined : db.prepare("SELECT * FROM base").get()
  if (row === undefined) return null
  try {
    // Written by `writeBase`, which the checksum vouches for.
    return JSON.parse(textOf(checkedRow(row), "json"), (key, value) =>
      lsnKeys.has(key) ? BigInt(value) : value
    ) as LogBase
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw corrupt("where the log begins cannot be read")
    throw thrown
  }
}

/** Whether the segment is the first one after the base, in the middle of a transaction whose beginning lies before. */
export const continuesBase = (
  { firstSeq, firstOrdinal }: Pick<SegmentHeads, "firstSeq" | "firstOrdinal">,
  base: LogBase | null
): boolean =>
  base?.last?.complete === false &&
  base.last.position.seq === firstSeq &&
  base.last.position.ordinal + 1 === firstOrdinal
