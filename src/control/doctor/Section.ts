import { Schema } from "effect"
import { Finding } from "../../ingest/doctor/Finding.ts"

/** What was found out about one part of the system. */
export const Section = Schema.Struct({
  part: Schema.String,
  /** The worst first; none where all is well. */
  findings: Schema.Array(Finding),
  /** Why it was not looked at. */
  skipped: Schema.NullOr(Schema.String)
}).annotate({ identifier: "DoctorSection" })
export type Section = typeof Section.Type

export const isBroken = (sections: ReadonlyArray<Section>): boolean =>
  sections.some(({ findings }) => findings.some(({ severity }) => severity === "error"))
