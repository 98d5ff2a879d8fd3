import { Schema } from "effect"
import { createStore } from "solid-js/store"
import { isZone } from "../lib/Time.ts"

const Held = Schema.Struct({
  theme: Schema.Literals(["system", "light", "dark"]),
  zone: Schema.String.check(Schema.makeFilter((zone) => zone === "utc" || isZone(zone))),
  /** Times as "3 min ago" where both are of use. */
  relative: Schema.Boolean,
  /** Single-key shortcuts (WCAG 2.1.4). */
  shortcuts: Schema.Boolean
})
export type PreferenceValues = typeof Held.Type

const key = "walstream.preferences"
const defaults: PreferenceValues = { theme: "system", zone: "utc", relative: true, shortcuts: true }

export interface Preferences {
  readonly values: PreferenceValues
  readonly set: (change: Partial<PreferenceValues>) => void
}

const read = (): PreferenceValues => {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "{}")
    const decoded = Schema.decodeUnknownOption(Held)({ ...defaults, ...Object(stored) })
    return decoded._tag === "Some" ? decoded.value : defaults
  } catch {
    return defaults
  }
}

const show = ({ theme }: PreferenceValues) => {
  if (theme === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = theme
}

/** How this person likes to see things, on this device. Nothing of a login. */
export const makePreferences = (): Preferences => {
  const [values, setValues] = createStore<PreferenceValues>(read())
  show(values)
  return {
    values,
    set: (change) => {
      setValues(change)
      show(values)
      try {
        localStorage.setItem(key, JSON.stringify(values))
      } catch {
        // Kept for this visit only, where the browser stores nothing.
      }
    }
  }
}
