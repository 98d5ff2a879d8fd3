import { missingCapabilities } from "./Capability.ts"

/** Vitest runs what this gives after everything else: the last line of a run says what was not run. */
export const setup = () => () => {
  for (const name of missingCapabilities()) {
    console.warn(`NOT RUN on this machine: the suites that need ${name}. See scripts/setup-tests.ts.`)
  }
}
