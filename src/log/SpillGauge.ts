import { Context } from "effect"

/** What an operator watches of a spill. */
export interface SpillFigures {
  readonly file: string
  /** Since when it takes what the archive does not, in ms; null while the archive does. */
  readonly since: number | null
  /** Whether the archive is back and takes what the spill has. */
  readonly drains: boolean
  /** Whole transactions, and their bytes, that the archive does not have yet. */
  readonly transactions: number
  readonly bytes: number
  readonly maxBytes: number
  /** Why it cannot be drained though the archive is there; null where nothing is wrong. */
  readonly trouble: string | null
}

/** Null where there is no spill. Plain, since capture asks once per batch. */
export const SpillGauge = Context.Reference<{ readonly read: () => SpillFigures | null }>(
  "walstream/log/SpillGauge",
  { defaultValue: () => ({ read: () => null }) }
)
