import { Effect, Latch } from "effect"
import type { Lsn } from "../domain/Lsn.ts"
import { changeCount } from "../domain/Transaction.ts"
import type { SourceItem } from "./SourceItem.ts"

/** A position that the server passed with nothing to send, between transactions. */
export interface IdleItem {
  readonly _tag: "Idle"
  readonly endLsn: Lsn
}

/** What the assembling side hands to the publishing side, in commit order. */
export type HandoffItem = SourceItem | IdleItem

export interface HandoffLimits {
  /** Bytes that may wait; the giver waits beyond. */
  readonly waitingBytes: number
  /** One taking ends when it has so many changes, */
  readonly changes: number
  /** or so many bytes. */
  readonly bytes: number
}

/** What an item takes beside its changes, about: a thousand small transactions are not small. */
const itemBytes = 1024
const bytesOf = (item: HandoffItem): number =>
  item._tag === "Chunk" ? item.chunk.bytes + itemBytes : itemBytes
const changesOf = (item: HandoffItem): number => (item._tag === "Chunk" ? changeCount(item.chunk) : 0)

/**
 * Between the fiber that assembles and the one that publishes: while one batch becomes durable the next one
 * collects, and is taken as one. Bounded in bytes.
 */
export class Handoff {
  readonly #limits: HandoffLimits
  readonly #room = Latch.makeUnsafe(true)
  readonly #some = Latch.makeUnsafe(false)
  readonly #whole = Latch.makeUnsafe(false)
  #items: Array<HandoffItem> = []
  #head = 0
  #bytes = 0
  #changes = 0
  #ended = false

  constructor(limits: HandoffLimits) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Waits for room, then gives all. */
  offer(items: ReadonlyArray<HandoffItem>): Effect.Effect<void> {
    return items.length === 0
      ? Effect.void
      : Effect.andThen(
          this.#room.await,
          Effect.sync(() => {
            for (const item of items) {
              this.#items.push(item)
              this.#bytes += bytesOf(item)
              this.#changes += changesOf(item)
            }
            this.#look()
            this.#some.openUnsafe()
          })
        )
  }

  /** Nothing more will be offered: what is left can be taken, then `take` gives nothing. */
  readonly end: Effect.Effect<void> = Effect.sync(() => {
    this.#ended = true
    this.#some.openUnsafe()
  })

  /** A batch in order, at least one item; empty only at the end. */
  readonly take: Effect.Effect<ReadonlyArray<HandoffItem>> = Effect.suspend(() =>
    Effect.map(this.#some.await, () => this.#cut())
  )

  /** Waits until all of a batch is there. */
  readonly whole: Effect.Effect<void> = Effect.suspend(() => this.#whole.await)

  /** What `take` would give now; empty where it would wait. */
  takeNow(): ReadonlyArray<HandoffItem> {
    return this.#items.length === 0 ? [] : this.#cut()
  }

  /** Opens and closes by what waits. */
  #look(): void {
    const { waitingBytes, changes, bytes } = this.#limits
    if (this.#bytes < waitingBytes) this.#room.openUnsafe()
    else this.#room.closeUnsafe()
    if (this.#changes >= changes || this.#bytes >= bytes) this.#whole.openUnsafe()
    else this.#whole.closeUnsafe()
  }

  #cut(): ReadonlyArray<HandoffItem> {
    const from = this.#head
    let changes = 0
    let bytes = 0
    while (this.#head < this.#items.length && changes < this.#limits.changes && bytes < this.#limits.bytes) {
      const item = this.#items[this.#head]
      if (item === undefined) break
      changes += changesOf(item)
      bytes += bytesOf(item)
      this.#head++
    }
    const batch = this.#items.slice(from, this.#head)
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
      if (!this.#ended) this.#some.closeUnsafe()
    } else if (this.#head > 4096) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    this.#bytes -= bytes
    this.#changes -= changes
    this.#look()
    return batch
  }
}
