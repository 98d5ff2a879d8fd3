import type { ReadHints } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import { type KafkaLog, readFrom } from "./KafkaLog.ts"
import type { PartitionRecord } from "./PartitionMerge.ts"
import type { PartitionReader } from "./PartitionReader.ts"
import type { Place } from "./Place.ts"

const digits = /^\d{1,15}$/u

/** The place's offsets, or later ones where the hints name them. */
const startOffsets = (place: Place, hints: ReadHints, partitions: number): ReadonlyArray<number> =>
  Array.from({ length: partitions }, (_, partition) => {
    const known = place.offsets[partition] ?? 0
    const hint = hints[partition]
    return hint !== undefined && digits.test(hint) ? Math.max(known, Number(hint)) : known
  })

/**
 * Where one stream is in the log. It begins at the offsets that it is given as hints, and goes back to the last known
 * place before what it expects when that cannot be found from there: dense seq is the proof, whatever the hints say.
 */
export class LogCursor {
  readonly #log: KafkaLog
  readonly #from: Position
  #reader: PartitionReader
  /** Whether it reads from offsets that nobody has proven. */
  #isHinted: boolean
  #back: PartitionRecord | undefined

  /**
   * Also gives changes of the transaction before `from`, which may lie behind its last one: the change before tells.
   */
  constructor(log: KafkaLog, from: Position, hints: ReadHints) {
    this.#log = log
    this.#from = from
    const place = this.#placeBefore(from)
    const offsets = startOffsets(place, hints, log.state.partitions)
    this.#isHinted = offsets.some((offset, partition) => offset > (place.offsets[partition] ?? 0))
    this.#reader = this.#isHinted
      ? readFrom(log, { ...place, offsets }, { ...from, ordinal: Math.max(0, from.ordinal - 1) })
      : readFrom(log, place, { ...from, ordinal: 0 })
  }

  #placeBefore({ seq }: Position): Place {
    const { firstSeq, meta } = this.#log.state
    return meta.places.before(Math.max(seq, firstSeq))
  }

  /** The next one that the log must have. */
  get expected(): Position {
    return this.#reader.expected
  }

  /** The next record of a transaction before this one; one that was put back comes first. */
  take(untilSeq: number): PartitionRecord | undefined {
    const back = this.#back
    this.#back = undefined
    if (back !== undefined) return back
    return this.expected.seq < untilSeq ? this.#reader.take() : undefined
  }

  get hasBack(): boolean {
    return this.#back !== undefined
  }

  putBack(record: PartitionRecord): void {
    this.#back = record
  }

  /** Where to begin in order to go on behind the record that was taken last. */
  hintsAfter(last: PartitionRecord): ReadHints {
    const hints: Record<string, string> = {}
    for (let partition = 0; partition < this.#log.state.partitions; partition++) {
      hints[partition] = String(this.#reader.restAt(partition, last))
    }
    return hints
  }

  fill(maxWaitMs: number): Promise<boolean> {
    return this.#reader.fill(maxWaitMs)
  }

  edges(): ReturnType<PartitionReader["edges"]> {
    return this.#reader.edges()
  }

  /** What is expected did not come. Whether that may be the hints' doing: then it reads on without them. */
  async distrust(): Promise<boolean> {
    if (!this.#isHinted) return false
    this.#isHinted = false
    const { seq, ordinal } = this.expected
    const isMoved = seq > this.#from.seq || ordinal >= this.#from.ordinal
    await this.#reader.close()
    const expected = { seq, ordinal: isMoved ? ordinal : 0 }
    this.#reader = readFrom(this.#log, this.#placeBefore(expected), expected)
    return true
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
