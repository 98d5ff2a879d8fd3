import type { PackedChanges } from "../domain/PackedChanges.ts"

/** How long chunks may get; the change that reaches a bound is still in. */
export interface ChunkLimits {
  readonly changes: number
  readonly bytes: number
}

export const chunkLimits: ChunkLimits = { changes: 500, bytes: 1024 * 1024 }

/** Neighbouring changes of one (sub)transaction: what is spilled, dropped and cut as one piece. */
export interface Segment {
  /** Who made them; 0 in a transaction that came whole. */
  readonly subxid: number
  readonly changes: PackedChanges
  /** On the wire. */
  readonly bytes: number
}
