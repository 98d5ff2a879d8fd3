import { Context, type Effect, type Stream } from "effect"
import type { StoreKind } from "../domain/Job.ts"
import type { Coverage, SeqRange } from "../domain/Log.ts"
import type { Micros } from "../domain/Micros.ts"
import type { Position } from "../domain/Position.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import type { LogError } from "./LogError.ts"

/** How full a live buffer is. */
export interface BufferStats {
  readonly changes: number
  readonly bytes: number
  /** The bound on changes that it is kept below. */
  readonly maxChanges: number
}

/**
 * The recent tail of the log: never gates, can always be rebuilt.
 *
 * - Written after the archive has the chunk; never holds what the archive does not.
 * - Bounded in changes and in bytes; the oldest transactions leave first and whole.
 * - Knows its gap-free coverage. A chunk that does not continue it (a hole after an outage) starts a new coverage:
 *   what came before is dropped, nobody reads across.
 * - A transaction is visible when its last chunk is in. One that is larger than the whole buffer is not kept and
 *   ends the coverage before it.
 */
export class LiveBuffer extends Context.Service<
  LiveBuffer,
  {
    readonly kind: StoreKind
    /** Chunks in order. A repeated one is recognised by (seq, ordinal) and ignored. */
    readonly append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void, LogError>
    /** The log is complete up to this commit time, though nothing came. */
    readonly advance: (time: Micros) => Effect.Effect<void, LogError>
    readonly coverage: Effect.Effect<Coverage, LogError>
    /** As `Archive.read`. Fails with Missing as soon as the stretch is not, or no longer, covered. */
    readonly read: (
      from: Position,
      end: SeqRange["end"]
    ) => Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError>
    /** The newest chunks, newest first, until about `changes` changes are given. */
    readonly recent: (changes: number) => Effect.Effect<ReadonlyArray<ArchivedChunk>, LogError>
    readonly stats: Effect.Effect<BufferStats, LogError>
  }
>()("walstream/log/LiveBuffer") {}
