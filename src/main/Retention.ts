import { Duration, Option } from "effect"

/** What a demo that nobody looks after keeps, whichever bound is met first: about two days of its shoppers. */
export const demoRetention = { maxAgeHours: 168, maxBytes: 2_000_000_000 }

/** What the embedded archive keeps; 0 for no bound. */
export interface Retention {
  readonly maxAgeHours: number
  readonly maxBytes: number
}

interface RetentionSettings {
  readonly archiveMaxAgeHours: Option.Option<number>
  readonly archiveMaxBytes: Option.Option<number>
}

/** A demo is left running and forgotten; a history of one's own is only removed by a setting that says so. */
export const retentionOf = (settings: RetentionSettings, demo: boolean): Retention => ({
  maxAgeHours: Option.getOrElse(settings.archiveMaxAgeHours, () => (demo ? demoRetention.maxAgeHours : 0)),
  maxBytes: Option.getOrElse(settings.archiveMaxBytes, () => (demo ? demoRetention.maxBytes : 0))
})

/** As the archive takes it. */
export const archiveRetention = ({ maxAgeHours, maxBytes }: Retention) => ({
  ...(maxAgeHours === 0 ? {} : { maxAge: Duration.hours(maxAgeHours) }),
  ...(maxBytes === 0 ? {} : { maxBytes })
})

const age = (hours: number): string => (hours % 24 === 0 ? `${hours / 24} days` : `${hours} hours`)

/** In words: what is kept. */
export const retentionText = ({ maxAgeHours, maxBytes }: Retention): string => {
  const parts = [
    ...(maxAgeHours === 0 ? [] : [`the last ${age(maxAgeHours)}`]),
    ...(maxBytes === 0 ? [] : [`at most ${Number((maxBytes / 1e9).toPrecision(3))} GB`])
  ]
  return parts.length === 0 ? "all history" : `${parts.join(", ")} of history`
}
