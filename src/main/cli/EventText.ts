import type { Event } from "../../domain/Event.ts"

const values = (row: Event["after"], width: number): string => {
  const text = Object.entries(row ?? {})
    .map(([column, value]) => `${column}=${value ?? "null"}`)
    .join(" ")
    // A value may hold anything: no line break or control character of it reaches the terminal.
    .replaceAll(/\p{Cc}+/gu, " ")
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

const what = (event: Event): string => {
  if (event.truncate !== undefined) return event.truncate.tables.join(", ")
  if (event.message !== undefined) return `prefix ${event.message.prefix}`
  return `${event.schema}.${event.table}`
}

/** An event in one line: time, place, operation, table, and as much of its values as fits. */
export const eventLine = (event: Event, columns: number): string => {
  const head = `${event.commit_time.slice(11, 23)} ${event.seq}:${event.ordinal} ${event.operation.padEnd(8)} ${what(event)}`
  const room = columns - head.length - 2
  return room < 10 ? head : `${head}  ${values(event.after ?? event.before ?? event.key, room)}`.trimEnd()
}
