import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"

/** What is too large for the feed is told by its size: its values are not here, and `href` is where they are. */
export const cutOf = (events: ReadonlyArray<LiveEventJson>): number =>
  events.filter(({ cut }) => cut !== undefined).length

/** A spreadsheet takes a leading sign for a formula (OWASP: CSV injection); a tab or return as well. */
const harmless = (text: string): string => (/^[=+\-@\t\r]/u.test(text) ? `'${text}` : text)

const cell = (value: string | number | null): string => {
  const text = harmless(value === null ? "" : String(value))
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const columns = [
  "position",
  "seq",
  "commit_time",
  "operation",
  "schema",
  "table",
  "key",
  "before",
  "after",
  "unchanged",
  "truncate",
  "message",
  "cut",
  "xid",
  "tx_count"
] as const

const values = (event: LiveEventJson): ReadonlyArray<string | number | null> =>
  columns.map((column) => {
    const value = event[column] ?? null
    return Array.isArray(value) && value.length === 0
      ? null
      : typeof value === "object" && value !== null
        ? JSON.stringify(value)
        : value
  })

export const csvOf = (events: ReadonlyArray<LiveEventJson>): string =>
  [columns, ...events.map(values)].map((row) => row.map(cell).join(",")).join("\r\n")

export const ndjsonOf = (events: ReadonlyArray<LiveEventJson>): string =>
  `${events.map((event) => JSON.stringify(event)).join("\n")}\n`
