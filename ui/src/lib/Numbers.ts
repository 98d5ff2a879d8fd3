/** What stands where nothing is known: never a zero. */
export const missing = "—"

type Known = number | null | undefined

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

const known = (value: Known, write: (value: number) => string): string =>
  value === null || value === undefined || Number.isNaN(value) ? missing : write(value)

/** `48,201,377`. */
export const count = (value: Known): string => known(value, (held) => whole.format(held))

/** A count with its noun: `1 change`, `2,004 changes`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${whole.format(value)} ${value === 1 ? one : many}`

const significant = (value: number): string => {
  if (value >= 100) return whole.format(value)
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}

/** Per second, without the unit: whole from 100 on, below with two or three digits. */
export const rate = (value: Known): string => known(value, significant)

/** Decimal units: `310 B`, `48.2 MB`. */
export const bytes = (value: Known): string =>
  known(value, (held) => {
    const units = ["B", "kB", "MB", "GB", "TB", "PB"]
    const step = held < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(held) / 3))
    const scaled = held / 1000 ** step
    return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`
  })

/** Seconds as people say them, in the two largest units: `3 ms`, `1.2 s`, `4 min 18 s`, `19 d 2 h`. */
export const duration = (seconds: Known): string =>
  known(seconds, (held) => {
    if (held < 0.001) return held <= 0 ? "0 ms" : "< 1 ms"
    if (held < 1) return `${significant(held * 1000)} ms`
    if (held < 10) return `${Number(held.toFixed(1))} s`
    const total = Math.round(held)
    if (total < 60) return `${total} s`
    const parts = [
      [86_400, "d"],
      [3600, "h"],
      [60, "min"],
      [1, "s"]
    ] as const
    const first = parts.findIndex(([size]) => total >= size)
    const [size, unit] = parts[first] ?? [1, "s"]
    const [nextSize, nextUnit] = parts[first + 1] ?? [1, "s"]
    const rest = Math.floor((total % size) / nextSize)
    const head = `${Math.floor(total / size)} ${unit}`
    return rest === 0 ? head : `${head} ${rest} ${nextUnit}`
  })

/** A share of one: `62 %`; not 0 before there is something, not 100 before all is there. */
export const percent = (share: Known): string =>
  known(share, (held) => {
    if (held <= 0 || held >= 1) return held <= 0 ? "0 %" : "100 %"
    const shown = held * 100
    if (shown < 1) return "< 1 %"
    return `${Math.min(99.9, shown) >= 99 ? (Math.floor(shown * 10) / 10).toFixed(1) : Math.floor(shown)} %`
  })

/** `4×`, `0.5×`, `max`. */
export const speed = (value: number | "max" | null | undefined): string =>
  value === "max" ? "max" : known(value, (held) => `${Number(held.toPrecision(3))}×`)

/** For axes: `12k`, `1.5M`. */
export const short = (value: number): string => {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(2))}G`
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(2))}M`
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(2))}k`
  return String(Number(value.toPrecision(2)))
}
