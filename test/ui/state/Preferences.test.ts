import { beforeEach, describe, expect, it } from "vitest"
import { makePreferences } from "../../../ui/src/state/Preferences.ts"

const key = "walstream.preferences"
const usual = { theme: "system", zone: "utc", relative: true, shortcuts: true }

beforeEach(() => localStorage.clear())

describe("how somebody likes to see things", () => {
  it("is kept on this device, and found by the next visit", () => {
    makePreferences().set({ theme: "dark", zone: "Europe/Berlin" })
    expect(makePreferences().values).toEqual({ ...usual, theme: "dark", zone: "Europe/Berlin" })
    expect(document.documentElement.dataset["theme"]).toBe("dark")
    makePreferences().set({ theme: "system" })
    expect(document.documentElement.dataset["theme"]).toBeUndefined()
  })

  it("is the usual where what was kept cannot be read, or is of another version", () => {
    for (const kept of ["{", "null", '{"theme":"pink"}', '{"zone":"Nowhere/Land"}']) {
      localStorage.setItem(key, kept)
      expect(makePreferences().values).toEqual(usual)
    }
    localStorage.setItem(key, '{"shortcuts":false,"of later":1}')
    expect(makePreferences().values).toEqual({ ...usual, shortcuts: false })
  })
})
