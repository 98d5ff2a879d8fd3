import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"

/** The slot as the source sees it. */
export interface SourceStatus {
  readonly currentLsn: Lsn
  /** The source's own clock. */
  readonly time: Micros
  /** WAL between what is confirmed and the log's end. */
  readonly lagBytes: number
  /** WAL that the server keeps for the slot. */
  readonly retainedBytes: number
  /** `reserved`, `extended`, `unreserved`, `lost`, or null where there is no slot. */
  readonly walStatus: string | null
  /** What may still be written before the slot is in danger; null when nothing bounds it. */
  readonly safeBytes: number | null
  /** How long that takes if the slot moves no more and WAL is written as in the last minutes; null when that is not known. */
  readonly secondsUntilLost: number | null
  /** Whether the server lets go of what it kept for the slot; null as long as that is not known. */
  readonly advances: boolean | null
  readonly active: boolean
  /** Milliseconds of our clock when it was read. */
  readonly readAt: number
}
