import { describe, it } from "@effect/vitest"
import { type Capability, isAvailable, isInstallable } from "./Capability.ts"

/**
 * A suite that needs one. On a machine without it the suite is counted as skipped, by name and with the reason, and
 * the run's last line repeats it; under CI a suite whose need can be installed fails instead, so that nobody takes a
 * green run for more than it was.
 */
export const describeWith = (name: Capability, title: string, suite: () => void): void => {
  if (isAvailable(name)) {
    describe(title, suite)
  } else if (process.env["CI"] === undefined || !isInstallable(name)) {
    it.skip(`${title} (not run: ${name} is missing here)`, () => undefined)
  } else {
    it(title, () => {
      throw new Error(`${name} is not installed here, and CI must not leave this suite out`)
    })
  }
}
