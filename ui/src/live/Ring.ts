/**
 * The newest so many of what came, newest first by index. Adding one overwrites the oldest, in place: whoever shows it for
 * longer than a moment takes a `snapshot`.
 */
export class Ring<A> {
  readonly capacity: number
  readonly #slots: Array<A> = []
  /** Where the next one goes. */
  #next = 0
  #added = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.#slots.length
  }

  /** All that ever came since it was made or cleared. */
  get added(): number {
    return this.#added
  }

  /** Oldest first. */
  push(items: ReadonlyArray<A>): void {
    for (const item of items) {
      this.#slots[this.#next] = item
      this.#next = (this.#next + 1) % this.capacity
    }
    this.#added += items.length
  }

  /** 0 is the newest. */
  at(index: number): A | undefined {
    if (index < 0 || index >= this.size) return undefined
    return this.#slots[(this.#next - 1 - index + 2 * this.capacity) % this.capacity]
  }

  /** Newest first; stays as it is whatever comes. */
  snapshot(): ReadonlyArray<A> {
    const newest = this.#slots.slice(0, this.#next).reverse()
    return [...newest, ...this.#slots.slice(this.#next).reverse()]
  }

  clear(): void {
    this.#slots.length = 0
    this.#next = 0
    this.#added = 0
  }
}
