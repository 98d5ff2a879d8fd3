import type { Section } from "../../../../src/control/doctor/Section.ts"
import type { Finding } from "../../../../src/ingest/doctor/Finding.ts"
import type { Tone } from "../../kit/Marks.tsx"

export interface PlacedFinding extends Finding {
  readonly part: string
}

const order = ["error", "warning", "info"] as const satisfies ReadonlyArray<Finding["severity"]>

/** Of all parts, the worst first. */
export const worstFirst = (sections: ReadonlyArray<Section>): ReadonlyArray<PlacedFinding> =>
  sections
    .flatMap(({ part, findings }) => findings.map((finding) => ({ ...finding, part })))
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))

export const severityTone: Readonly<Record<Finding["severity"], Tone>> = {
  error: "bad",
  warning: "warn",
  info: "idle"
}

export const severityText: Readonly<Record<Finding["severity"], string>> = {
  error: "Must be mended",
  warning: "Will cost something",
  info: "Good to know"
}
