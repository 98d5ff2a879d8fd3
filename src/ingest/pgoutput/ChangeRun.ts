import { PackedChanges } from "../../domain/PackedChanges.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ChangeMessage } from "../ReplicationMessage.ts"
import { type RowOperation, single, type WrittenChange } from "./ChangeWriter.ts"

/** More than this is no run: what is joined later must not outgrow a chunk by much. */
const mostBytes = 64 * 1024

/**
 * Neighbouring changes of one table and (sub)transaction, which lie behind each other in one buffer: one message, and
 * no object for each of them. It takes more until somebody has looked at what it holds.
 */
export class ChangeRun implements ChangeMessage {
  readonly _tag = "Change"
  readonly xid: number
  bytes: number
  readonly #relations: ReadonlyArray<Relation>
  readonly #operation: RowOperation
  readonly #buffer: Buffer
  readonly #start: number
  #end: number
  #count = 1
  /** By operation; not kept for a single change. */
  #counts: Record<RowOperation, number> | undefined
  #change: PackedChanges | undefined

  constructor(
    xid: number,
    bytes: number,
    operation: RowOperation,
    relations: ReadonlyArray<Relation>,
    { buffer, start, end }: WrittenChange
  ) {
    this.xid = xid
    this.bytes = bytes
    this.#relations = relations
    this.#operation = operation
    this.#buffer = buffer
    this.#start = start
    this.#end = end
  }

  /** Whether the change was taken in; `most` is how many a run may have. */
  add(
    xid: number,
    bytes: number,
    operation: RowOperation,
    relations: ReadonlyArray<Relation>,
    { buffer, start, end }: WrittenChange,
    most: number
  ): boolean {
    const follows = buffer === this.#buffer && start === this.#end + 1
    if (!follows || relations !== this.#relations || xid !== this.xid || this.#change !== undefined)
      return false
    if (this.#count >= most || this.bytes + bytes > mostBytes) return false
    if (this.#counts === undefined) {
      this.#counts = { insert: 0, update: 0, delete: 0 }
      this.#counts[this.#operation] = 1
    }
    this.#counts[operation]++
    this.#count++
    this.#end = end
    this.bytes += bytes
    return true
  }

  get change(): PackedChanges {
    this.#change ??= new PackedChanges(
      this.#count,
      this.#counts === undefined ? single[this.#operation] : { ...this.#counts, truncate: 0, message: 0 },
      this.#relations,
      this.#buffer,
      this.#start,
      this.#end
    )
    return this.#change
  }
}
