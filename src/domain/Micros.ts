/** Microseconds since 1970-01-01T00:00:00Z: exact for PostgreSQL's commit times, safe as a number until the year 2255. */
export type Micros = number

/** PostgreSQL counts from 2000-01-01. */
export const postgresEpoch: Micros = 946_684_800_000_000

export const microsFromMillis = (millis: number): Micros => millis * 1000

const shape = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/u

/** RFC 3339 in UTC with six fractional digits, e.g. `2026-01-02T03:04:05.123456Z`. */
export const formatMicros = (micros: Micros): string => {
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = String(micros - seconds * 1_000_000).padStart(6, "0")
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** Whether the calendar has such a day: `Date` counts 30 February, and 24:00, on into the next day that there is. */
const isReal = (local: string): boolean => {
  const date = new Date(`${local}Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(local.slice(8, 10))
}

/** Reads RFC 3339 with up to six fractional digits; undefined when the text is none. */
export const parseMicros = (text: string): Micros | undefined => {
  const match = shape.exec(text)
  if (match?.[1] === undefined || !isReal(match[1])) return undefined
  const millis = Date.parse(`${match[1]}${match[3]}`)
  return Number.isNaN(millis) ? undefined : millis * 1000 + Number((match[2] ?? "").padEnd(6, "0"))
}
