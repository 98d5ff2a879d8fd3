import type { Coverage, Mark } from "../../domain/Log.ts"
import type { Micros } from "../../domain/Micros.ts"
import type { LogError } from "../LogError.ts"
import type { LastStored } from "../Tail.ts"
import { Wakeup } from "../Wakeup.ts"
import { kafkaError } from "./KafkaFault.ts"
import { MetaState } from "./MetaState.ts"
import type { Met } from "./PartitionReader.ts"
import { type CommitRow, firstPlace, type Place } from "./Place.ts"

/** A transaction whose last change is not stored yet. */
export interface OpenTransaction {
  readonly row: CommitRow
  /** Up to and including it everything is stored. */
  readonly ordinal: number
}

export const conflict = (seq: number, detail: string): LogError =>
  kafkaError({ _tag: "Conflict", seq, detail })

/**
 * What this process knows of the log: one for the archive's life. The writer moves it with each append, a reader's
 * follower with what it sees.
 */
export class LogState {
  readonly meta = new MetaState()
  readonly met: Met = { repeats: 0, leftovers: 0, foreign: 0, firstForeign: null }
  readonly changed = new Wakeup()
  /** Whole transactions after the newest place, in order. */
  #rows: Array<CommitRow> = []
  /** Sums at the end of the rows. */
  #changes = 0
  #bytes = 0
  #first: CommitRow | null = null
  #mark: Mark | null = null
  #firstSeq = 1
  open: OpenTransaction | null = null
  /** The log is shorter than its mark: nothing may be put in the place of what is lost. */
  lost: LogError | null = null
  /** When a broker last answered a reading process, in ms. */
  heardAt = 0
  /** How many partitions the topic had when it was opened. */
  found = 0

  /** Over how many partitions records may lie. A reading process hears of more by the meta topic. */
  get partitions(): number {
    return Math.max(this.found, this.meta.partitions)
  }

  get rows(): ReadonlyArray<CommitRow> {
    return this.#rows
  }

  /** The first transaction that retention has left whole. */
  get firstSeq(): number {
    return this.#firstSeq
  }

  /** Everything after the newest place is forgotten, to be read again. */
  rewind(): Place {
    const { newest } = this.meta.places
    this.#rows = []
    this.#changes = newest.changes
    this.#bytes = newest.bytes
    this.open = null
    return newest
  }

  /** The last whole transaction. */
  get end(): CommitRow | null {
    return this.#rows.at(-1) ?? this.meta.places.newest.last
  }

  get nextSeq(): number {
    return (this.end?.seq ?? 0) + 1
  }

  get changesSincePlace(): number {
    return this.#changes - this.meta.places.newest.changes
  }

  /** The place at the log's end, when all that is stored of later transactions begins at these offsets. */
  placeAt(offsets: ReadonlyArray<number>): Place {
    const last = this.end
    return last === null
      ? { ...firstPlace, offsets }
      : { seq: last.seq, last, offsets, changes: this.#changes, bytes: this.#bytes }
  }

  addRow(row: CommitRow): void {
    if (row.seq === 1) this.#first = row
    this.#rows.push(row)
    this.#changes += row.commit.count
    this.#bytes += row.bytes
    this.open = null
  }

  /** Gives the rows between the place before and this one, which are no longer kept here. */
  addPlace(place: Place): ReadonlyArray<CommitRow> {
    this.meta.places.add(place)
    const before = this.#rows.filter(({ seq }) => seq <= place.seq)
    this.#rows = this.#rows.filter(({ seq }) => seq > place.seq)
    return before
  }

  /** Takes places that were read, as far as the log is known. Gives the rows that are no longer kept here. */
  adoptPlaces(): ReadonlyArray<{ readonly after: number; readonly rows: ReadonlyArray<CommitRow> }> {
    const { meta, nextSeq } = this
    const known = meta.arrived.filter(({ seq }) => seq < nextSeq).sort((a, b) => a.seq - b.seq)
    meta.arrived = meta.arrived.filter(({ seq }) => seq >= nextSeq)
    return known.flatMap((place) => {
      const { newest } = meta.places
      return place.seq > newest.seq ? [{ after: newest.seq, rows: this.addPlace(place) }] : []
    })
  }

  /** As the port tells it. */
  get last(): LastStored {
    const { open, end } = this
    const row = open?.row ?? end
    if (row === null) return null
    const { seq, commit, incarnation } = row
    return {
      position: { seq, ordinal: open?.ordinal ?? commit.count - 1 },
      commit,
      incarnation,
      complete: open === null
    }
  }

  /** The log time that the next append follows: all that any `coverage` has told up to now. */
  get baseTime(): Micros {
    const stored = Math.max(this.end?.logTime ?? 0, this.open?.row.logTime ?? 0)
    return Math.max(stored, this.meta.stored?.mark.coverageTime ?? stored)
  }

  /** Shows the mark once all is visible that was appended before it. */
  showMark(): void {
    const { stored } = this.meta
    if (stored !== null && stored.place.seq < this.nextSeq) this.#mark = stored.mark
  }

  /** Where the partitions begin now. Gives the places that no reader can start from any more. */
  setStarts(starts: ReadonlyArray<number>): ReadonlyArray<Place> {
    const { places } = this.meta
    const whole = places.all.find((place) => starts.every((start, p) => (place.offsets[p] ?? 0) >= start))
    const firstSeq = whole === undefined ? this.nextSeq : whole.seq + 1
    if (firstSeq <= this.#firstSeq) return []
    this.#firstSeq = Math.min(firstSeq, this.nextSeq)
    this.changed.notify()
    return whole === undefined ? [] : places.dropBelow(whole.seq)
  }

  /** The log's very first transaction, which `coverage` tells the time of. */
  set first(row: CommitRow) {
    this.#first = row
  }

  get coverage(): Coverage {
    const { nextSeq } = this
    const firstSeq = this.#firstSeq
    const before = this.meta.places.before(firstSeq).last
    const fromTime = before?.seq === firstSeq - 1 ? before.logTime + 1 : (this.#first?.logTime ?? null)
    const times = [this.end?.logTime, this.#mark?.coverageTime].filter((time) => time !== undefined)
    return {
      firstSeq,
      nextSeq,
      fromTime: firstSeq === nextSeq ? null : fromTime,
      toTime: times.length === 0 ? null : Math.max(...times),
      toLsn:
        this.#mark?.incarnation === this.meta.incarnations.at(-1)?.number
          ? (this.#mark?.endLsn ?? null)
          : null
    }
  }
}
