import { Schema } from "effect"

/** What capture does. `silent`: the process that captures does not tell; what is shown is what it told last. */
export const CapturePhase = Schema.Literals([
  "starting",
  "attaching",
  "capturing",
  "blocked",
  "retrying",
  "stopped",
  "ended",
  "silent"
])
