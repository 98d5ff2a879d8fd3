import type { PostgresError } from "../../postgres/PostgresError.ts"
import type { TargetErrorReason } from "../TargetError.ts"

/** What people know these errors by; the server's own words would quote values. */
const conditions: Readonly<Record<string, string>> = {
  "02000": "the row is not there",
  "21000": "several rows match",
  "22001": "a value is too long for its column",
  "22003": "a number is out of range",
  "22007": "a value is no date or time of this type",
  "22008": "a date or time is out of range",
  "22P02": "a value is not of the column's type",
  "22P05": "a character has no equivalent in the database's encoding",
  "23502": "a column must not be null",
  "23503": "a foreign key does not hold",
  "23505": "a unique key is taken",
  "23514": "a check constraint does not hold",
  "23P01": "an exclusion constraint does not hold",
  "428C9": "a column cannot be written",
  "54000": "the row exceeds a limit of the server",
  "0A000": "the server does not support it",
  P0001: "a trigger or function refused it"
}

/** Whether the same batch may succeed another time: not the change's fault. */
const passes = (error: PostgresError): boolean =>
  (error.isRetryable && !error.code.startsWith("54") && error.code !== "55006") ||
  error.failure === "cancelled" ||
  // A session that idled too long in its transaction, and a server that is a standby just now.
  error.code === "25P03" ||
  error.code === "25006"

/** What a failure means that no single change can be blamed for; undefined when one can. */
export const generalReason = (error: PostgresError): TargetErrorReason | undefined => {
  if (passes(error)) return { _tag: "Unavailable", detail: error.message }
  if (error.failure === "refused") return { _tag: "Refused", detail: error.message }
  return undefined
}

/** The failure in words without values. */
export const describeRejection = (error: PostgresError): string => {
  const named = [
    error.constraint === undefined ? "" : `constraint ${error.constraint}`,
    error.column === undefined ? "" : `column ${error.column}`,
    error.table === undefined ? "" : `table ${error.table}`
  ].filter((part) => part !== "")
  const condition = conditions[error.code] ?? error.detail
  return named.length === 0 || condition === error.detail ? condition : `${condition} (${named.join(", ")})`
}
