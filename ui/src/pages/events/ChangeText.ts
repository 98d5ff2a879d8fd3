import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { columnChanges, lacksOldRow } from "../../lib/ColumnDiff.ts"
import { lineText } from "../../lib/LineText.ts"
import { bytes } from "../../lib/Numbers.ts"

/** Characters of a value in a row: the rest is in the detail. */
const longest = 60
const most = 8

const brief = (value: string | null): string =>
  value === null ? "null" : lineText(value.length > longest ? `${value.slice(0, longest)}…` : value)

const pairs = (values: Readonly<Record<string, string | null>>): ReadonlyArray<string> =>
  Object.entries(values)
    .slice(0, most)
    .map(([column, value]) => `${lineText(column)} ${brief(value)}`)

const updateText = (event: LiveEventJson): ReadonlyArray<string> => {
  if (lacksOldRow(event)) return pairs(event.after ?? {})
  const changes = columnChanges(event)
    .filter(({ change, isKey }) => change === "changed" && !isKey)
    .slice(0, most)
    .map(({ name, before, after }) => {
      const text = (cell: typeof before) => (cell?.kind === "value" ? brief(cell.text) : (cell?.kind ?? ""))
      return `${lineText(name)} ${text(before)} → ${text(after)}`
    })
  return [...pairs(event.key ?? {}), ...changes]
}

/** What happened, in one line. */
export const changeText = (event: LiveEventJson): string => {
  if (event.cut !== undefined) return `${bytes(event.cut.bytes)}: open it to see its values`
  if (event.truncate !== undefined) {
    const { tables, cascade, restart_identity: restart } = event.truncate
    return [
      tables.join(", "),
      ...(cascade ? ["cascade"] : []),
      ...(restart ? ["restart identity"] : [])
    ].join(" · ")
  }
  if (event.message !== undefined) {
    return `${event.message.prefix} · ${bytes(Math.floor((event.message.content.length * 3) / 4))}`
  }
  const parts =
    event.operation === "insert"
      ? pairs(event.after ?? {})
      : event.operation === "delete"
        ? [...pairs(event.before ?? event.key ?? {}), ...(lacksOldRow(event) ? ["key only"] : [])]
        : updateText(event)
  const untouched = event.unchanged.map((column) => `${lineText(column)} unchanged`)
  return [...parts, ...untouched].join(" · ")
}

export const tableText = (event: Pick<LiveEventJson, "schema" | "table">): string =>
  event.table === null ? "" : `${event.schema}.${event.table}`
