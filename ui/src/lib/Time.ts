/** `utc`, `local`, or an IANA name such as `Europe/Berlin`. */
export type Zone = string

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (zone: Zone, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const name = `${zone} ${key}`
  const held = formats.get(name)
  if (held !== undefined) return held
  const timeZone = zone === "local" ? undefined : zone === "utc" ? "UTC" : zone
  const made = new Intl.DateTimeFormat("en-US", { hourCycle: "h23", timeZone, ...options })
  formats.set(name, made)
  return made
}

/** Whether the browser knows the zone. */
export const isZone = (zone: string): boolean => {
  try {
    format(zone, "probe", {})
    return true
  } catch {
    return false
  }
}

const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" }
const day: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" }

/** `14:32`. */
export const minuteText = (at: Date, zone: Zone): string => format(zone, "minute", time).format(at)

/** `14:32:07`. */
export const clockText = (at: Date, zone: Zone): string =>
  format(zone, "clock", { ...time, second: "2-digit" }).format(at)

/** `14:32:07.412`: three decimals, whatever more the text has. */
export const preciseText = (at: Date, zone: Zone): string =>
  format(zone, "precise", { ...time, second: "2-digit", fractionalSecondDigits: 3 }).format(at)

/** `Nov 3`. */
export const dayText = (at: Date, zone: Zone): string => format(zone, "day", day).format(at)

const dayKey = (at: Date, zone: Zone): string =>
  format(zone, "key", { year: "numeric", month: "2-digit", day: "2-digit" }).format(at)

/** `14:32:07` today, `Nov 3, 09:14` this year, `Nov 3 2025, 09:14` before. */
export const momentText = (at: Date, zone: Zone, now: Date): string => {
  const today = dayKey(at, zone)
  if (today === dayKey(now, zone)) return clockText(at, zone)
  const year = today.slice(-4) === dayKey(now, zone).slice(-4) ? "" : ` ${today.slice(-4)}`
  return `${dayText(at, zone)}${year}, ${minuteText(at, zone)}`
}

/** Both ends of a stretch, the day said once: `Nov 22, 09:40 – 10:25`. */
export const rangeText = (from: Date, until: Date, zone: Zone): string => {
  const isShort = until.getTime() - from.getTime() < 120_000
  const write = isShort ? clockText : minuteText
  const start = `${dayText(from, zone)}, ${write(from, zone)}`
  const end = write(until, zone)
  return dayKey(from, zone) === dayKey(until, zone)
    ? `${start} – ${end}`
    : `${start} – ${dayText(until, zone)}, ${end}`
}

/** `just now`, `42 s ago`, `11 min ago`, `in 5 min`. */
export const relativeText = (at: Date, now: Date): string => {
  const seconds = (now.getTime() - at.getTime()) / 1000
  const size = Math.abs(seconds)
  if (size < 1.5) return "just now"
  const [value, unit] =
    size < 60
      ? [size, "s"]
      : size < 3600
        ? [size / 60, "min"]
        : size < 86_400
          ? [size / 3600, "h"]
          : [size / 86_400, "d"]
  const text = `${Math.floor(value)} ${unit}`
  return seconds > 0 ? `${text} ago` : `in ${text}`
}

/** Minutes east of UTC at that moment. */
const offsetMinutes = (at: Date, zone: Zone): number => {
  const parts = new Map(
    format(zone, "parts", {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)])
  )
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
  const asUtc = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second")
  )
  return Math.round((asUtc - Math.floor(at.getTime() / 1000) * 1000) / 60_000)
}

/** The whole of it, as copied: `2026-11-22T15:32:07.409118+01:00`, with as many decimals as the text had. */
export const isoText = (text: string, zone: Zone): string => {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return text
  const minutes = offsetMinutes(at, zone)
  const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 19)
  const decimals = /\.\d+/u.exec(text)?.[0] ?? ""
  if (minutes === 0) return `${local}${decimals}Z`
  const two = (value: number) => String(value).padStart(2, "0")
  const sign = minutes < 0 ? "-" : "+"
  return `${local}${decimals}${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** `2026-11-22 09:40:00` in the zone: what a person edits. */
export const inputText = (at: Date, zone: Zone): string =>
  isoText(at.toISOString().replace(/\.\d+/u, ""), zone).slice(0, 19).replace("T", " ")

const typed = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?$/u

/**
 * What a person typed or pasted: a time in the zone, or any RFC 3339 time with its own offset. Undefined when it is
 * neither.
 */
export const parseInput = (text: string, zone: Zone): Date | undefined => {
  const trimmed = text.trim()
  const match = typed.exec(trimmed)
  if (match === null) {
    const given = /[Z+-]/u.test(trimmed.slice(10)) ? new Date(trimmed.replace(" ", "T")) : undefined
    return given === undefined || Number.isNaN(given.getTime()) ? undefined : given
  }
  const asUtc = new Date(`${match[1]}T${match[2]}${match[3] ?? ":00"}Z`)
  if (Number.isNaN(asUtc.getTime())) return undefined
  // The offset at the guess decides, and once more where that crosses a change of the clocks.
  const guess = new Date(asUtc.getTime() - offsetMinutes(asUtc, zone) * 60_000)
  return new Date(asUtc.getTime() - offsetMinutes(guess, zone) * 60_000)
}

/** The zone's own name at that moment: `UTC`, `CET`, `GMT+2`. */
export const zoneName = (at: Date, zone: Zone): string =>
  format(zone, "name", { timeZoneName: "short" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName")?.value ?? zone
