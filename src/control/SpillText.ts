import type { SourceJson } from "./api/SystemApi.ts"

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`

/** What the spill does, in words; null while the archive leads, or where there is none. */
export const spillText = ({ spill }: Pick<SourceJson, "spill">): string | null => {
  if (spill === null || spill.since === null) return null
  const { bytes, drains, file, max_bytes, message, since, transactions } = spill
  const held = `${transactions} transactions (${mebibytes(bytes)} of changes; the file may have ${mebibytes(max_bytes)}) in ${file}`
  if (message !== null) return `the spill cannot be drained: ${message}; it holds ${held}`
  return drains
    ? `the archive is back and takes what is spilled: ${held} to go`
    : `the archive takes nothing since ${since}: changes are spilled, ${held}; nobody can read or replay them before it is back`
}
