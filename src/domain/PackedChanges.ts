import type { Change, Operation } from "./Change.ts"
import { decodeChanges, encodeChanges } from "./ChangeCodec.ts"
import type { Relation } from "./Relation.ts"

export type OperationCounts = Readonly<Record<Operation, number>>

/**
 * Changes as the text of `encodeChanges`, made once: what goes through capture, what is written to stores, and what
 * is kept in memory. A change as an object is thirty pieces on the engine's heap; here it is bytes outside of it.
 */
export class PackedChanges {
  readonly count: number
  readonly operations: OperationCounts
  /** Those that the changes refer to, each once. */
  readonly relations: ReadonlyArray<Relation>
  /** Holds the text, in UTF-8, from `start` to `end`; perhaps with other changes around it. Never written to there. */
  readonly buffer: Buffer<ArrayBufferLike>
  readonly start: number
  readonly end: number

  constructor(
    count: number,
    operations: OperationCounts,
    relations: ReadonlyArray<Relation>,
    buffer: Buffer,
    start: number,
    end: number
  ) {
    this.count = count
    this.operations = operations
    this.relations = relations
    this.buffer = buffer
    this.start = start
    this.end = end
  }

  get text(): Uint8Array {
    return this.buffer.subarray(this.start, this.end)
  }

  unpack(): ReadonlyArray<Change> {
    return decodeChanges(this.buffer.toString("utf8", this.start, this.end), (fingerprint) =>
      this.relations.find((relation) => relation.fingerprint === fingerprint)
    )
  }
}

const relationsOf = (change: Change): ReadonlyArray<Relation> =>
  change.op === "message" ? [] : change.op === "truncate" ? change.relations : [change.relation]

export const packChanges = (changes: ReadonlyArray<Change>): PackedChanges => {
  const counts = { insert: 0, update: 0, delete: 0, truncate: 0, message: 0 }
  const relations = new Set<Relation>()
  for (const change of changes) {
    counts[change.op]++
    for (const relation of relationsOf(change)) relations.add(relation)
  }
  const text = Buffer.from(encodeChanges(changes))
  return new PackedChanges(changes.length, counts, [...relations], text, 0, text.length)
}
