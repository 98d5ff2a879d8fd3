import { describe, it } from "@effect/vitest"
import { type Capability, isAvailable } from "./Capability.ts"

/**
 * A suite that needs one. On a machine without it the suite is counted as skipped, by name and with the reason, and
 * the run's last line repeats it; under CI it fails instead, so that nobody takes a green run for more than it was.
 */
export const describeWith = (name: Capability, title: string, suite: () => void): void => {
  if (isAvailable(name)) {
    describe(title, suite)
  } else if (process.env["CI"] === undefined) {
    it.skip(`${title} (not run: ${name} is not installed here)`, () => undefined)
  } else {
    it(title, () => {
      throw new Error(`${name} is not installed here, and CI must not leave this suite out`)
    })
  }
}
