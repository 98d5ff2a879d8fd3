import { Context, type Effect, type Stream } from "effect"
import type { StoreKind } from "../domain/Job.ts"
import type { Coverage, Incarnation, Mark, ReadHints, SeqRange } from "../domain/Log.ts"
import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { Position } from "../domain/Position.ts"
import type { ArchivedChunk, Commit } from "../domain/Transaction.ts"
import type { LogError } from "./LogError.ts"

/** The end of an archive as it was found, before anything is appended in this life. */
export interface ArchiveTail {
  /** Null for an archive that was never confirmed from. */
  readonly mark: Mark | null
  readonly incarnations: ReadonlyArray<Incarnation>
  /** The last stored change; its transaction may be incomplete. Null when nothing is stored. */
  readonly last: {
    readonly position: Position
    readonly commit: Commit
    readonly incarnation: number
    readonly complete: boolean
  } | null
  /** Told by a spill while its archive cannot be asked whether another ingestor has gone on with that. */
  readonly unconfirmed?: true
}

/** A bound of a window as people give it. */
export type Bound =
  | { readonly _tag: "Time"; readonly time: Micros }
  | { readonly _tag: "Lsn"; readonly lsn: Lsn }

export interface Volume {
  readonly transactions: number
  readonly changes: number
  readonly bytes: number
}

/**
 * The durable log of all changes of one source.
 *
 * - `append` succeeds only when all of it is durable, in order: it alone gates what is confirmed to PostgreSQL.
 *   One writer, one append outstanding. It fails as a whole or is retried as a whole: a change that is already
 *   stored is recognised by (seq, ordinal), checked against its commit LSN and not stored again, wherever the
 *   chunks are cut this time.
 * - A transaction whose last chunk is not stored is not visible to `read`, `resolve` and `coverage`.
 * - `read` gives transactions in commit order, each change once, whole chunks in ordinal order; a range below the
 *   log's start fails with `Missing`. Memory stays bounded: a reader that does not pull holds one page.
 * - What was visible once stays visible until retention removes it, always from the front.
 *
 * Log time is what windows are asked for by. Commit times go back: by milliseconds when transactions overtake each
 * other, by any time when the source's clock is set back. Log time does not:
 *
 *     logTime(seq) = max(logTime(seq - 1), its commit time, coverage time of the mark that was durable when its last
 *                        chunk was appended)
 *
 * - It is stored with what is appended and never changes, so that `resolve` answers the same in every life, also
 *   after retention has removed what came before.
 * - `coverage.toTime` is the greater of the last visible transaction's log time and the mark's coverage time. Whoever
 *   sees it at T may rely on it that all that becomes visible later has a log time of at least T: where nothing
 *   reaches T yet, `nextSeq` is the answer for ever.
 * - Hence appends and marks are one sequence. An append is given the coverage time of all marks before it; a mark
 *   becomes visible in `coverage` only when each append that was begun before it is visible, or is known not to be
 *   stored. One whose outcome is not known (its answer was lost) counts as under way until it is.
 */
export class Archive extends Context.Service<
  Archive,
  {
    readonly kind: StoreKind
    /** Where the last life ended. Fails with BelowMark when the log is shorter than its mark, Corrupt when unreadable. */
    readonly recover: Effect.Effect<ArchiveTail, LogError>
    /** Chunks in order; the first continues (or repeats) what is stored. */
    readonly append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void, LogError>
    /**
     * What the next append will be, told while one is under way: an archive may make it ready. Only a hint: nothing is
     * stored by it, it may be interrupted, and the append need not come. Missing where there is nothing to gain.
     */
    readonly prepare?: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void>
    /** Durable when it returns. Never goes back. */
    readonly writeMark: (mark: Mark) => Effect.Effect<void, LogError>
    /** Records a new life of the source, before its first transaction is appended. */
    readonly beginIncarnation: (incarnation: Incarnation) => Effect.Effect<void, LogError>
    /**
     * From a position (inclusive) up to the end of the range; a range without an end follows the log. Hints are of a
     * chunk that was read at or before it: they only save work, and whatever they say the same is read.
     */
    readonly read: (
      from: Position,
      end: SeqRange["end"],
      hints?: ReadHints
    ) => Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError>
    /** The source's lives so far, oldest first. */
    readonly incarnations: Effect.Effect<ReadonlyArray<Incarnation>, LogError>
    /** What can be read now. */
    readonly coverage: Effect.Effect<Coverage, LogError>
    /**
     * Fails while its server is away, which what is known of the log does not: Unavailable once it has said nothing for
     * some seconds though it was asked. Asks nothing itself.
     */
    readonly reach: Effect.Effect<void, LogError>
    /** The coverage at each change of it (of the frontier and the time on an idle source too), the present one first. */
    readonly coverageChanges: Stream.Stream<Coverage>
    /**
     * The seq of the first transaction whose log time (or commit LSN, within the newest incarnation) is at or after the
     * bound; `nextSeq` when there is none yet.
     */
    readonly resolve: (bound: Bound) => Effect.Effect<number, LogError>
    /** How much lies in a stretch, `end` exclusive. */
    readonly volume: (start: number, end: number) => Effect.Effect<Volume, LogError>
  }
>()("walstream/log/Archive") {}
