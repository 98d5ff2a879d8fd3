import { type Operation, operations } from "./Change.ts"
import { PackedChanges } from "./PackedChanges.ts"
import type { Relation } from "./Relation.ts"

const comma = 0x2c
const nothing = Buffer.alloc(0)

/**
 * Joins packed changes. Those that lie in one buffer with a comma between, as a decoder writes them, are joined where
 * they are; others are copied.
 */
export class ChangePacker {
  #first: PackedChanges | undefined
  #count = 0
  #operations: Record<Operation, number> | undefined
  #relations: ReadonlyArray<Relation> = []
  #buffer: Buffer<ArrayBufferLike> = nothing
  #start = 0
  #end = 0
  /** Whether the buffer is ours to write to. */
  #own = false

  get count(): number {
    return this.#count
  }

  add(next: PackedChanges): void {
    this.#count += next.count
    if (this.#first === undefined) {
      this.#first = next
      this.#relations = next.relations
      this.#buffer = next.buffer
      this.#start = next.start
      this.#end = next.end
      return
    }
    this.#operations ??= { ...this.#first.operations }
    for (const operation of operations) this.#operations[operation] += next.operations[operation]
    for (const relation of next.relations) {
      if (!this.#relations.includes(relation)) this.#relations = [...this.#relations, relation]
    }
    if (!this.#own && next.buffer === this.#buffer && next.start === this.#end + 1) this.#end = next.end
    else this.#copy(next)
  }

  #copy(next: PackedChanges): void {
    const held = this.#end - this.#start
    const size = held + 1 + next.end - next.start
    if (!this.#own || size > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(this.#own ? size * 2 : size)
      this.#buffer.copy(larger, 0, this.#start, this.#end)
      this.#buffer = larger
      this.#start = 0
      this.#own = true
    }
    this.#buffer[held] = comma
    next.buffer.copy(this.#buffer, held + 1, next.start, next.end)
    this.#end = size
  }

  /** All of it; the packer is then of no more use. */
  finish(): PackedChanges {
    const first = this.#first
    if (first === undefined) throw new RangeError("there are no changes to pack")
    if (first.count === this.#count) return first
    const counts = this.#operations ?? first.operations
    return new PackedChanges(this.#count, counts, this.#relations, this.#buffer, this.#start, this.#end)
  }
}
