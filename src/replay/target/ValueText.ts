import type { Cell, Row } from "../../domain/Change.ts"
import type { Text } from "../../postgres/PgSession.ts"
import type { FitColumn } from "./Fit.ts"

/** Types whose text never needs a quote: bool, integers, oid, floats, numeric, uuid, date without era, pg_lsn. */
const bare = new Set([16, 20, 21, 23, 26, 700, 701, 1700, 2950, 3220])
/** Types whose text needs quotes in an array, but no escapes: date, time and timestamp types. */
const plain = new Set([1082, 1083, 1114, 1184, 1266])

const needsEscape = /["\\]/u
const escaped = /["\\]/gu

const quote = (text: string): string =>
  needsEscape.test(text) ? `"${text.replace(escaped, "\\$&")}"` : `"${text}"`

/** A cell as a parameter. Cells that are not known never get here. */
export const parameter = (cell: Cell | undefined): Text => (typeof cell === "string" ? cell : null)

/** One column of many rows as the text of an array. */
export const arrayText = (rows: ReadonlyArray<Row>, { at, sourceOid }: FitColumn): string => {
  let text = "{"
  let separator = ""
  const isBare = bare.has(sourceOid)
  const isPlain = plain.has(sourceOid)
  for (const row of rows) {
    const cell = row[at]
    text += separator
    separator = ","
    if (typeof cell !== "string") text += "NULL"
    else if (isBare) text += cell
    else if (isPlain) text += `"${cell}"`
    else text += quote(cell)
  }
  return `${text}}`
}

const special = /[\\\n\r\t]/u
const specials = /[\\\n\r\t]/gu
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** Characters that go to the server in one piece, about. */
const pieceSize = 65_536

/** Rows in COPY's text format, piece by piece. */
export function* copyText(
  rows: ReadonlyArray<Row>,
  columns: ReadonlyArray<FitColumn>
): Generator<string, void, undefined> {
  let text = ""
  for (const row of rows) {
    let separator = ""
    for (const { at, sourceOid } of columns) {
      const cell = row[at]
      text += separator
      separator = "\t"
      if (typeof cell !== "string") text += "\\N"
      else if (bare.has(sourceOid) || plain.has(sourceOid) || !special.test(cell)) text += cell
      else text += cell.replace(specials, (found) => escapes[found] ?? found)
    }
    text += "\n"
    if (text.length < pieceSize) continue
    yield text
    text = ""
  }
  if (text !== "") yield text
}

/** Texts as the text of an array. */
export const stringArray = (texts: ReadonlyArray<string>): string => `{${texts.map(quote).join(",")}}`
