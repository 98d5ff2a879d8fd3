import { Effect, Latch } from "effect"
import { type ArchivedChunk, changeCount } from "../../domain/Transaction.ts"
import type { Batch, BatchPlan } from "./BatchPlan.ts"
import type { OpenTransaction } from "./LogState.ts"

/** So many changes are encoded in a row: a few milliseconds, in which nothing else moves. */
const stretch = 1000

/** Makes an append's batches one by one, when asked: while one is sent, the next is encoded and compressed. */
export class BatchSource {
  readonly #plan: BatchPlan
  readonly #chunks: ReadonlyArray<ArchivedChunk>
  readonly #encoded = Latch.makeUnsafe(false)
  #next = 0
  #logTime: number
  /** The oldest that was not given. */
  #batch: Batch | undefined

  constructor(plan: BatchPlan, chunks: ReadonlyArray<ArchivedChunk>, baseTime: number) {
    this.#plan = plan
    this.#chunks = chunks
    this.#logTime = baseTime
  }

  /** Waits until all chunks are encoded: then it is known what follows them. */
  readonly encoded: Effect.Effect<void> = Effect.suspend(() => this.#encoded.await)

  /** The log time at the end of what is encoded. */
  get logTime(): number {
    return this.#logTime
  }

  /** The transaction that goes on behind what is encoded. */
  get open(): OpenTransaction | null {
    return this.#plan.open
  }

  /** Makes the next batch. Lets others work in between; interrupted, it goes on from there when it is asked again. */
  readonly make: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    while (this.#next < this.#chunks.length && !this.#plan.hasWhole) {
      this.#encode()
      yield* Effect.yieldNow
    }
    this.#batch ??= this.#plan.take()
    for (const part of this.#batch?.parts ?? []) {
      part?.close()
      yield* Effect.yieldNow
    }
  })

  /** Undefined at the end. */
  readonly next: Effect.Effect<Batch | undefined> = Effect.map(this.make, () => {
    const batch = this.#batch
    this.#batch = undefined
    return batch
  })

  /** What was made is not sent. */
  release(): void {
    for (const { parts } of [this.#batch, ...this.#plan.takeAll()].filter((batch) => batch !== undefined)) {
      for (const part of parts) part?.release()
    }
    this.#batch = undefined
  }

  #encode(): void {
    let changes = 0
    while (changes < stretch && !this.#plan.hasWhole) {
      const chunk = this.#chunks[this.#next++]
      if (chunk === undefined) return
      this.#logTime = Math.max(this.#logTime, chunk.commit.commitTime)
      this.#plan.add(chunk, this.#logTime)
      changes += changeCount(chunk)
      if (this.#next === this.#chunks.length) this.#encoded.openUnsafe()
    }
  }
}
