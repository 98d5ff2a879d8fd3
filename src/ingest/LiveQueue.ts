import { Effect, Latch } from "effect"
import type { Micros } from "../domain/Micros.ts"
import { type ArchivedChunk, changeCount } from "../domain/Transaction.ts"

/** What the live buffer shall do next. */
export type LiveStep =
  | { readonly _tag: "Append"; readonly chunks: ReadonlyArray<ArchivedChunk>; readonly bytes: number }
  | { readonly _tag: "Advance"; readonly time: Micros }

/**
 * What waits for the live buffer. Never slows capture: when it is full all of it is dropped, and since the next
 * chunks then do not continue what the buffer holds, the hole ends its coverage.
 */
export class LiveQueue {
  readonly #maxBytes: number
  readonly #some = Latch.makeUnsafe(false)
  #steps: Array<LiveStep> = []
  #bytes = 0
  #dropped = 0
  /** After a drop, until there is something new: a time said then would be about what the buffer does not have. */
  #holed = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Changes that never reached the live buffer. */
  get droppedChanges(): number {
    return this.#dropped
  }

  append(chunks: ReadonlyArray<ArchivedChunk>, bytes: number): void {
    if (chunks.length === 0) return
    if (this.#bytes + bytes > this.#maxBytes) this.#drop()
    this.#holed = false
    this.#bytes += bytes
    this.#steps.push({ _tag: "Append", chunks, bytes })
    this.#some.openUnsafe()
  }

  /** What readers of the archive cannot see yet is not for the live buffer either. */
  withhold(chunks: ReadonlyArray<ArchivedChunk>): void {
    for (const chunk of chunks) this.#dropped += changeCount(chunk)
    this.#holed = true
  }

  /** The log is complete up to this commit time. */
  advance(time: Micros): void {
    if (this.#holed) return
    // The later time says it all: while the buffer is away on an idle source, these must not pile up.
    if (this.#steps.at(-1)?._tag === "Advance") this.#steps.pop()
    this.#steps.push({ _tag: "Advance", time })
    this.#some.openUnsafe()
  }

  /** The steps that wait, in order; waits while there are none. */
  readonly take: Effect.Effect<ReadonlyArray<LiveStep>> = Effect.suspend(() =>
    Effect.map(this.#some.await, () => {
      const steps = this.#steps
      this.#steps = []
      this.#bytes = 0
      this.#some.closeUnsafe()
      return steps
    })
  )

  #drop(): void {
    for (const step of this.#steps) {
      if (step._tag === "Append") for (const chunk of step.chunks) this.#dropped += changeCount(chunk)
    }
    this.#steps = []
    this.#bytes = 0
    this.#holed = true
  }
}
