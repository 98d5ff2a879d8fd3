import { parseLength } from "../../domain/Length.ts"
import { formatMicros, type Micros, microsFromMillis, parseMicros } from "../../domain/Micros.ts"

const local = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::(\d{2})(\.\d{1,6})?)?)?$/u

/**
 * A time as people write it: RFC 3339; a date, with or without a time, in the local time zone; `now`; or a length
 * of time before now, such as `15m`. Undefined when it is none of these.
 */
export const parseTime = (text: string, nowMillis: number): Micros | undefined => {
  if (text === "now") return microsFromMillis(nowMillis)
  const ago = parseLength(text.replace(/ ago$/u, ""))
  if (ago !== undefined) return microsFromMillis(nowMillis) - Math.round(ago * 1_000_000)
  const exact = parseMicros(text)
  if (exact !== undefined) return exact
  const match = local.exec(text)
  if (match === null) return undefined
  const [, date, time = "00:00", seconds = "00", fraction = "."] = match
  const clock = `${date}T${time}:${seconds}`
  // In UTC each day has all its hours: so a text that is no time there is none here.
  if (parseMicros(`${clock}Z`) === undefined) return undefined
  return microsFromMillis(new Date(clock).getTime()) + Number(fraction.slice(1).padEnd(6, "0"))
}

/** As the API takes it. */
export const timeText = formatMicros

/** `1h 02m`, `4m 05s`, `12s`. */
export const formatLength = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const pad = (value: number) => String(value).padStart(2, "0")
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h ${pad(Math.floor((whole % 3600) / 60))}m`
  return whole >= 60 ? `${Math.floor(whole / 60)}m ${pad(whole % 60)}s` : `${whole}s`
}
