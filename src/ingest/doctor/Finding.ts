import { Schema } from "effect"

/** How much it matters: capture cannot run, something is or will be lost or broken, good to know. */
const severities = ["error", "warning", "info"] as const

/** Something that a person should know about a source, and the SQL or the words that mend it. */
export const Finding = Schema.Struct({
  severity: Schema.Literals(severities),
  /** Stable, for programs. */
  code: Schema.String,
  message: Schema.String,
  /** Null where nothing has to be done. */
  fix: Schema.NullOr(Schema.String)
})
export type Finding = typeof Finding.Type

export const error = (code: string, message: string, fix: string | null): Finding => ({
  severity: "error",
  code,
  message,
  fix
})

export const warning = (code: string, message: string, fix: string | null): Finding => ({
  severity: "warning",
  code,
  message,
  fix
})

export const info = (code: string, message: string, fix: string | null): Finding => ({
  severity: "info",
  code,
  message,
  fix
})

/** The worst first, the rest in the order of finding. */
export const sortFindings = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  [...findings].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))

/** Bytes as people read them. */
export const inBytes = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} bytes`
  const units = ["kB", "MB", "GB", "TB"]
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1] ?? ""}`
}
