import type { Micros } from "../../domain/Micros.ts"
import type { Commit } from "../../domain/Transaction.ts"

/** What the log's index keeps of a whole transaction. */
export interface CommitRow {
  readonly seq: number
  readonly incarnation: number
  readonly commit: Commit
  readonly logTime: Micros
  /** Of its values. */
  readonly bytes: number
}

/**
 * A place between two transactions, from which a reader may start: all of the transactions after `seq` lies at these
 * offsets or behind them. Sums are over all up to and including `seq`.
 */
export interface Place {
  readonly seq: number
  /** The transaction with this seq; null at the log's beginning. */
  readonly last: CommitRow | null
  /** Per partition; one that is not named was empty. */
  readonly offsets: ReadonlyArray<number>
  readonly changes: number
  readonly bytes: number
}

export const firstPlace: Place = { seq: 0, last: null, offsets: [], changes: 0, bytes: 0 }

/** Places in order, one per seq. */
export class PlaceList {
  readonly #places: Array<Place> = [firstPlace]

  get all(): ReadonlyArray<Place> {
    return this.#places
  }

  get newest(): Place {
    return this.#places.at(-1) ?? firstPlace
  }

  /** The first one that is so, where all behind it are so too. */
  firstIndex(holds: (place: Place) => boolean): number {
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const place = this.#places[middle]
      if (place !== undefined && holds(place)) high = middle
      else low = middle + 1
    }
    return low
  }

  add(place: Place): void {
    const at = this.firstIndex(({ seq }) => seq >= place.seq)
    if (this.#places[at]?.seq !== place.seq) this.#places.splice(at, 0, place)
  }

  /** The last one before a transaction: where a reader of it starts. */
  before(seq: number): Place {
    return this.#places[this.firstIndex((place) => place.seq >= seq) - 1] ?? this.#places[0] ?? firstPlace
  }

  /** Forgets what a log that has lost its end does not have. */
  dropAbove(seq: number): void {
    this.#places.length = this.firstIndex((place) => place.seq > seq)
  }

  /** Forgets what lies before the place with this seq; gives it back, to be removed from where it is kept. */
  dropBelow(seq: number): ReadonlyArray<Place> {
    return this.#places.splice(
      0,
      this.firstIndex((place) => place.seq >= seq)
    )
  }
}
