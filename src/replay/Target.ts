import { Context, type Effect, type Scope } from "effect"
import type { DedupeMode, JobCounters, MismatchMode } from "../domain/Job.ts"
import type { Position } from "../domain/Position.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import type { TargetError } from "./TargetError.ts"

/** Who applies, and how. */
export interface ApplyOptions {
  readonly jobId: string
  /** The history's name (`historyName`): what the ledger counts positions of. */
  readonly source: string
  readonly epoch: number
  /** The job's pinned first seq and the text of its filter: what the ledger's intervals are about. */
  readonly startSeq: number
  readonly filterText: string
  readonly dedupe: DedupeMode
  readonly onMismatch: MismatchMode
  /** Changes to pass over, as the outside names them. The ledger keeps them as exceptions of the job's interval. */
  readonly skips: ReadonlyArray<string>
}

/** A stretch of the log in order: several transactions, or part of a large one. */
export interface ApplyBatch {
  /** Filtered: ordinals may have holes, chunks may be missing. */
  readonly chunks: ReadonlyArray<ArchivedChunk>
  /** The position that the ledger must stand at: the last one before this batch; `origin` for a job that has applied nothing. */
  readonly follows: Position
  /** The last position of the batch, passed over or not. */
  readonly until: Position
  /** It is part of a transaction that goes on in the next batch, with which it is committed. */
  readonly goesOn: boolean
}

/** How changes are written at present, as far as people care. */
export interface ApplyMode {
  /**
   * `replica`: triggers and foreign keys do not fire at the target; `origin`: they do, the role may not turn them off;
   * `dry_run`: nothing is written.
   */
  readonly mode: "replica" | "origin" | "dry_run"
  /** The net effect of many changes at once, or one change after the other. */
  readonly order: "net_effect" | "row_by_row"
  /** Why row by row; null for the net effect. */
  readonly reason: string | null
}

/**
 * One job's way into a target. Dropped with its scope.
 *
 * - `apply` commits changes and ledger together, or nothing. It writes only if the ledger's epoch is mine and its
 *   position the one the batch follows, both checked under the ledger row's lock.
 * - It may be given the next batch while one is under way. They are applied in the order of the calls, one after the
 *   other; behind one that failed the next one's `follows` is not where the ledger stands.
 * - Batches that go on are one target transaction with the batch that ends them. It holds the lock from its first to
 *   its last; any failure in between takes all of them back, and they have to come again from the first.
 * - Interrupting it rolls the open transaction back.
 * - After an unknown outcome (connection lost during COMMIT) the next call of `position` tells.
 */
export interface TargetSession {
  /** Raises the ledger to this epoch and gives where it stands; null for a job that has applied nothing. */
  readonly position: Effect.Effect<Position | null, TargetError>
  /** What the batch adds to the counters, once it is committed. */
  readonly apply: (batch: ApplyBatch) => Effect.Effect<JobCounters, TargetError>
  /** How the last batch was written; null before anything is known. */
  readonly mode: () => ApplyMode | null
}

/** Opens configured targets by name. */
export class Targets extends Context.Service<
  Targets,
  {
    readonly names: ReadonlyArray<string>
    /** `dryRun` opens the log applier: nothing is written, everything is counted. */
    readonly open: (
      target: string,
      dryRun: boolean,
      options: ApplyOptions
    ) => Effect.Effect<TargetSession, TargetError, Scope.Scope>
    /**
     * Ids of jobs, whosever they are, whose row in the target's ledger was not written for so long that what they have
     * applied makes no duplicates any more. In the order of the text, those behind `after` (empty: all), at most so many.
     */
    readonly expiredJobs: (
      target: string,
      after: string,
      most: number
    ) => Effect.Effect<ReadonlyArray<string>, TargetError>
    /**
     * Removes what the target's ledger knows of these jobs, as far as it has expired; gives how many there were. Only for
     * jobs that never go on: another run of one would begin where its window does.
     */
    readonly forgetJobs: (target: string, jobIds: ReadonlyArray<string>) => Effect.Effect<number, TargetError>
  }
>()("walstream/replay/Targets") {}
