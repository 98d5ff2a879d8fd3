/** How long a key may be good for, in days; `never` has no end. */
export const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "never", label: "no end" }
] as const

export const endOf = (lifetime: string, now: Date): string | null =>
  lifetime === "never" ? null : new Date(now.getTime() + Number(lifetime) * 86_400_000).toISOString()

/** How long the secret before is still good, in seconds. */
export const overlaps = [
  { value: "0", label: "not at all" },
  { value: "3600", label: "an hour" },
  { value: "86400", label: "a day" },
  { value: "604800", label: "a week" }
] as const
