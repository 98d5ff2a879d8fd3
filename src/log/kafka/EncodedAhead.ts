import { Effect } from "effect"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { BatchPlan } from "./BatchPlan.ts"
import { BatchSource } from "./BatchSource.ts"
import type { LogState, OpenTransaction } from "./LogState.ts"

/** Batches that were made before it was their turn. */
interface Made {
  readonly chunks: ReadonlyArray<ArchivedChunk>
  readonly behind: BatchSource
  readonly source: BatchSource
  /** How often the log had been spread over more partitions. */
  readonly epochs: number
}

/**
 * The batches of the append behind the one under way, encoded while that is sent. Only a guess that it will go well:
 * they are used if the next append is of exactly these chunks and finds the log as it was expected to be.
 */
export class EncodedAhead {
  /** The batches of the append that is, or was last, under way. */
  #current: BatchSource | undefined
  /** Those of the last append, if it went well and the log is as it left it. */
  #done: BatchSource | undefined
  #made: Made | undefined

  began(source: BatchSource): void {
    this.#current = source
    this.#done = undefined
  }

  ended(source: BatchSource): void {
    this.#done = source
  }

  /** The log is not as the last append left it, or that is not known. */
  forget(): void {
    this.#done = undefined
  }

  /** May be interrupted: what is missing is encoded when it is sent. */
  encode(
    chunks: ReadonlyArray<ArchivedChunk>,
    { meta }: LogState,
    plan: (open: OpenTransaction | null) => BatchPlan
  ): Effect.Effect<void> {
    const behind = this.#current
    if (behind === undefined || behind === this.#done || chunks.length === 0) return Effect.void
    return Effect.andThen(
      behind.encoded,
      Effect.suspend(() => {
        this.#made?.source.release()
        const source = new BatchSource(plan(behind.open), chunks, behind.logTime)
        this.#made = { chunks, behind, source, epochs: meta.epochs.length }
        return source.make
      })
    )
  }

  /** What was made of exactly these, if it fits. `fresh`: what of them is not stored. */
  take(
    chunks: ReadonlyArray<ArchivedChunk>,
    fresh: ReadonlyArray<ArchivedChunk>,
    { baseTime, meta, open }: LogState
  ): BatchSource | undefined {
    const made = this.#made
    if (made === undefined) return undefined
    this.#made = undefined
    const { behind, source } = made
    const fits =
      made.chunks === chunks &&
      fresh.length === chunks.length &&
      fresh[0] === chunks[0] &&
      behind === this.#done &&
      behind.logTime === baseTime &&
      behind.open?.row.seq === open?.row.seq &&
      behind.open?.ordinal === open?.ordinal &&
      made.epochs === meta.epochs.length
    if (fits) return source
    source.release()
    return undefined
  }
}
