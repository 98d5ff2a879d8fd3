import { Effect, Semaphore } from "effect"
import type { LogError } from "../LogError.ts"
import { attempt } from "./KafkaFault.ts"
import { type KafkaLog, positionAfter, readFrom } from "./KafkaLog.ts"
import type { CommitRow, Place } from "./Place.ts"
import { RowScan } from "./RowScan.ts"

/** How many intervals between two places are kept in mind. */
const most = 32

/** The rows of the log between its places, read when they are asked for. */
export class Intervals {
  readonly #log: KafkaLog
  readonly #known = new Map<number, ReadonlyArray<CommitRow>>()
  readonly #turn = Semaphore.makeUnsafe(1)

  constructor(log: KafkaLog) {
    this.#log = log
  }

  /** What follows the place with this seq, up to the next one. */
  put(seq: number, rows: ReadonlyArray<CommitRow>): void {
    this.#known.delete(seq)
    this.#known.set(seq, rows)
    const [oldest] = this.#known.keys()
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest)
  }

  clear(): void {
    this.#known.clear()
  }

  async #read(from: Place, untilSeq: number): Promise<ReadonlyArray<CommitRow>> {
    const reader = readFrom(this.#log, from, positionAfter(from))
    const scan = new RowScan()
    const rows: Array<CommitRow> = []
    try {
      while (reader.expected.seq <= untilSeq) {
        const record = reader.take()
        const row = record === undefined ? undefined : scan.take(record)
        if (row !== undefined) rows.push(row)
        if (record === undefined && !(await reader.fill(500))) {
          throw new Error(`transaction ${reader.expected.seq} cannot be read`)
        }
      }
      return rows
    } finally {
      await reader.close()
    }
  }

  /** The rows after a place of the list, up to the next one or the log's end. */
  readonly after = (place: Place): Effect.Effect<ReadonlyArray<CommitRow>, LogError> =>
    Effect.suspend(() => {
      const { state, options } = this.#log
      const { places } = state.meta
      if (place.seq >= places.newest.seq) return Effect.succeed(state.rows)
      const known = this.#known.get(place.seq)
      if (known !== undefined) return Effect.succeed(known)
      const next = places.all[places.firstIndex(({ seq }) => seq > place.seq)] ?? places.newest
      return attempt(options.topic, () => this.#read(place, next.seq)).pipe(
        Effect.tap((rows) => Effect.sync(() => this.put(place.seq, rows))),
        this.#turn.withPermit
      )
    })

  /** The first seq from `low` on for which it holds; it holds for all after it too. The log's next one if none. */
  readonly firstSeq = Effect.fnUntraced(
    { self: this },
    function* (low: number, holds: (row: CommitRow) => boolean) {
      const { state } = this.#log
      const { places } = state.meta
      const at = places.firstIndex(({ seq, last }) => seq >= low && last !== null && holds(last))
      const before = places.all[at - 1]
      // The first place stands before all that is held: with it everything is.
      if (before === undefined) return low
      const rows: ReadonlyArray<CommitRow> = yield* this.after(before)
      return rows.find((row) => row.seq >= low && holds(row))?.seq ?? places.all[at]?.seq ?? state.nextSeq
    }
  )

  readonly row = (seq: number): Effect.Effect<CommitRow | undefined, LogError> =>
    Effect.map(this.after(this.#log.state.meta.places.before(seq)), (rows) =>
      rows.find((row) => row.seq === seq)
    )

  /** What lies before a transaction, from the log's beginning. */
  readonly sumsBefore = (
    seq: number
  ): Effect.Effect<{ readonly changes: number; readonly bytes: number }, LogError> => {
    const place = this.#log.state.meta.places.before(seq)
    return Effect.map(this.after(place), (rows) => {
      let { changes, bytes } = place
      for (const row of rows) {
        if (row.seq >= seq) break
        changes += row.commit.count
        bytes += row.bytes
      }
      return { changes, bytes }
    })
  }
}
