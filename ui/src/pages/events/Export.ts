import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"

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
  "after"
] as const

const values = (event: LiveEventJson): ReadonlyArray<string | number | null> =>
  columns.map((column) => {
    const value = event[column]
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value
  })

export const csvOf = (events: ReadonlyArray<LiveEventJson>): string =>
  [columns, ...events.map(values)].map((row) => row.map(cell).join(",")).join("\r\n")

export const ndjsonOf = (events: ReadonlyArray<LiveEventJson>): string =>
  `${events.map((event) => JSON.stringify(event)).join("\n")}\n`
