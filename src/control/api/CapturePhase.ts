import { Schema } from "effect"
import { ingestPhases } from "../../ingest/IngestPhase.ts"

/** What capture does. `silent`: the process that captures does not tell; what is shown is what it told last. */
export const CapturePhase = Schema.Literals([...ingestPhases, "silent"])
