import type { AuditJson } from "../api/AuditJson.ts"
import { hashedColumns } from "./AuditChain.ts"

const columns = [...hashedColumns, "hash"] as const satisfies ReadonlyArray<keyof AuditJson>

const text = (value: AuditJson[keyof AuditJson]): string => {
  if (value === null) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** A spreadsheet would take it for a formula (OWASP, CSV injection). */
const neutral = (value: string): string => (/^[=+\-@\t\r\n]/u.test(value) ? `'${value}` : value)

const field = (value: string): string =>
  /[",\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value

const line = (values: ReadonlyArray<string>): string => `${values.map(field).join(",")}\r\n`

export const csvHead: string = line(columns)

/** RFC 4180, with its end of line. */
export const csvLine = (entry: AuditJson): string =>
  line(columns.map((column) => neutral(text(entry[column]))))
