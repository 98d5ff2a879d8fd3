import type { Operation } from "./Change.ts"
import type { JobStatus } from "./JobStatus.ts"
import type { ReadHints, SeqRange } from "./Log.ts"
import type { Lsn } from "./Lsn.ts"
import type { Micros } from "./Micros.ts"
import type { Position } from "./Position.ts"

/** 0.1 to 100 times the original pace, or as fast as the target takes it. */
export type Speed = number | "max"

/** What to do with changes that another job has already applied to the target. */
export const dedupeModes = ["target", "job", "off"] as const
export type DedupeMode = (typeof dedupeModes)[number]

/** What to do when the target's row is not what history says it was. */
export const mismatchModes = ["converge", "fail"] as const
export type MismatchMode = (typeof mismatchModes)[number]

export const storeKinds = ["redis", "kafka", "memory", "sqlite"] as const
/** Which store a job reads. */
export type StoreKind = (typeof storeKinds)[number]

/** What a person asked for: never changes after creation, but for name and speed. */
export interface JobSpec {
  readonly name: string | null
  readonly startTime: Micros | null
  readonly endTime: Micros | null
  readonly startLsn: Lsn | null
  readonly endLsn: Lsn | null
  readonly speed: Speed
  /** `schema.table`; null for all. */
  readonly tables: ReadonlyArray<string> | null
  /** Null for all. */
  readonly operations: ReadonlyArray<Operation> | null
  /** A configured target's name. */
  readonly target: string
  readonly dryRun: boolean
  readonly dedupe: DedupeMode
  readonly onMismatch: MismatchMode
  /** Idle stretches of the original longer than this are shortened to it. */
  readonly maxGapSeconds: number | null
  /** Goes on with the log's tail instead of ending. */
  readonly follow: boolean
  readonly strictSource: boolean
}

/** What is decided once, at the first start, and kept. */
export interface JobPlan {
  /** The name of the history that the range counts in (`historyName`); null when none had begun, and the range is empty. */
  readonly history: string | null
  readonly range: SeqRange
  readonly store: StoreKind
  /** Why this store, in words. */
  readonly storeReason: string
  /** Changes in the range before filtering; null for a job that follows. */
  readonly changes: number | null
}

/** How far a job has come. */
export interface Checkpoint {
  /** The last position that is applied (or passed over by the filter). */
  readonly position: Position
  /** The same as the outside names it; null before the first change. */
  readonly outer: string | null
  /** Commit time of that position: what the replay clock shows. */
  readonly commitTime: Micros | null
  /** Where its store goes on. */
  readonly hints: ReadHints
}

export interface JobCounters {
  /** Applied at the target. */
  readonly processed: number
  /** Skipped because the target has them. */
  readonly duplicate: number
  /** Applied to a row that was not as history says (`on_mismatch: converge`). */
  readonly converged: number
}

/** Why a job failed. Never holds a cell's value. */
export interface JobFailure {
  readonly code: string
  readonly message: string
  /** The change that the target rejected. */
  readonly position: string | null
}

/** A change that the job is to pass over, because a person said so. */
export interface JobSkip {
  readonly position: string
  readonly reason: string
  readonly by: string
  readonly at: Micros
}

export interface Lease {
  readonly worker: string
  /** Grows with each acquisition and fences the holder before. */
  readonly epoch: number
  readonly expiresAt: Micros
}

export interface Job {
  readonly id: string
  readonly spec: JobSpec
  readonly status: JobStatus
  readonly plan: JobPlan | null
  readonly checkpoint: Checkpoint | null
  readonly counters: JobCounters
  readonly failure: JobFailure | null
  /** In the order in which they were asked for, which is that of the history. */
  readonly skips: ReadonlyArray<JobSkip>
  readonly lease: Lease | null
  /** Grows with each acquisition; kept when the lease is cleared. */
  readonly leaseEpoch: number
  readonly createdAt: Micros
  readonly startedAt: Micros | null
  readonly completedAt: Micros | null
  /** Grows with each change of the row. */
  readonly version: number
}
