import type { SourceGap } from "./SourceGap.ts"

/** What capture does at present. */
export type IngestPhase =
  | { readonly _tag: "Starting" }
  /** Waits for running transactions or for the archive, or prepares the slot. */
  | { readonly _tag: "Attaching" }
  | { readonly _tag: "Capturing" }
  /** The archive does not take more; nothing is lost, the source keeps it. */
  | { readonly _tag: "Blocked"; readonly message: string; readonly fix: string | null }
  /** It failed and is tried again by itself. */
  | {
      readonly _tag: "Retrying"
      readonly code: string
      readonly message: string
      readonly fix: string | null
    }
  /** It needs a person. */
  | {
      readonly _tag: "Stopped"
      readonly code: string
      readonly message: string
      readonly fix: string | null
      /** The hole that a person may accept; null where it is something else. */
      readonly gap: SourceGap | null
    }
  /** It was asked to stop, and did. */
  | { readonly _tag: "Ended" }

/** Their names outside of this process. */
export const ingestPhases = [
  "starting",
  "attaching",
  "capturing",
  "blocked",
  "retrying",
  "stopped",
  "ended"
] as const satisfies ReadonlyArray<Lowercase<IngestPhase["_tag"]>>

/** Whether the source lets us in: where nobody answers or we were refused, capture alone knocks. */
export const isAttached = (phase: IngestPhase): boolean => {
  switch (phase._tag) {
    case "Starting":
    case "Attaching":
    case "Ended":
      return false
    case "Retrying":
    case "Stopped":
      return phase.code !== "Unreachable" && phase.code !== "Refused" && phase.code !== "NoDatabase"
    default:
      return true
  }
}
