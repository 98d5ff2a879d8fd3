import type { Filter } from "../domain/Filter.ts"
import type { ReadHints } from "../domain/Log.ts"
import type { Micros } from "../domain/Micros.ts"
import { formatPosition, type Position } from "../domain/Position.ts"
import type { ArchivedChunk, Commit } from "../domain/Transaction.ts"
import { filterChunk } from "./ChunkFilter.ts"
import { Sequence } from "./Sequence.ts"

/** Bounds on what is handed to a target at once, and on what waits for it. */
export interface BacklogLimits {
  /** Several transactions are one batch up to here. */
  readonly batchChanges: number
  readonly batchBytes: number
  /** One transaction is one batch up to here, at the price of memory; a larger one comes in parts of this size. */
  readonly wholeChanges: number
}

export const defaultLimits: BacklogLimits = {
  batchChanges: 2000,
  batchBytes: 8 * 1024 * 1024,
  wholeChanges: 10_000
}

/** The last change of a stretch: where the job has come when it is done. */
export interface Passed {
  readonly position: Position
  readonly commit: Commit
  readonly incarnation: number
  /** The newest that the store gave with anything up to there. */
  readonly hints: ReadHints
}

/** A wanted transaction, or a part of a large one, or (without chunks) a stretch of which nothing is wanted. */
export interface Piece {
  readonly seq: number
  readonly commitTime: Micros
  readonly chunks: ReadonlyArray<ArchivedChunk>
  readonly changes: number
  readonly bytes: number
  /** When it had come from the store, by the runner's clock. */
  readonly arrived: number
  readonly until: Passed
  /** The transaction goes on in the next piece. */
  readonly goesOn: boolean
  /** The transaction began in the piece before. */
  readonly continues: boolean
}

/** Pieces taken together. Without chunks when nothing of the stretch is wanted. */
export interface Taken {
  readonly chunks: ReadonlyArray<ArchivedChunk>
  readonly changes: number
  /** How many, a part of a large one counted as one. */
  readonly transactions: number
  readonly until: Passed
  /** It is a part of a large transaction, and another comes. */
  readonly goesOn: boolean
}

interface Growing extends Piece {
  chunks: Array<ArchivedChunk>
  changes: number
  bytes: number
  until: Passed
  goesOn: boolean
  /** Nothing more comes to it: it may be taken. */
  closed: boolean
}

export const outerPosition = (passed: Passed): string =>
  formatPosition({
    incarnation: passed.incarnation,
    commitLsn: passed.commit.commitLsn,
    ordinal: passed.position.ordinal
  })

/**
 * What was read and is not yet applied: checked for holes and repeats, filtered, cut at transactions. Stretches of
 * which nothing is wanted take no room, however long. The reader puts in, the runner takes out.
 */
export class Backlog {
  readonly #filter: Filter
  readonly #limits: BacklogLimits
  readonly #sequence: Sequence
  #pieces: Array<Growing> = []
  #head = 0
  #changes = 0
  #bytes = 0
  /** The next piece is of the transaction of the one before. */
  #continues = false
  #hints: ReadHints

  constructor(next: Position, filter: Filter, limits: BacklogLimits, hints: ReadHints = {}) {
    this.#hints = hints
    this.#sequence = new Sequence(next)
    this.#filter = filter
    this.#limits = limits
  }

  /** Where reading goes on. */
  get next(): Position {
    return this.#sequence.next
  }

  /** Where the store that gave the last chunks goes on, as far as it said. */
  get hints(): ReadHints {
    return this.#hints
  }

  get changes(): number {
    return this.#changes
  }

  /**
   * A whole batch is waiting: the reader should rest. More would only grow old in memory, where the engine's collections
   * cost more than it brings. Never while the first transaction is still coming in.
   */
  get isFull(): boolean {
    return (
      (this.#changes >= this.#limits.batchChanges || this.#bytes >= this.#limits.batchBytes) &&
      this.peek() !== undefined
    )
  }

  reached(end: number): boolean {
    return this.#sequence.reached(end)
  }

  /** False when the chunk does not continue what came before: the store has a hole there. */
  push(chunk: ArchivedChunk, arrived: number): boolean {
    const accepted = this.#sequence.accept(chunk)
    if (accepted === "repeat") return true
    if (accepted === "gap") return false
    this.#hints = chunk.hints ?? this.#hints
    const until: Passed = {
      position: { seq: chunk.seq, ordinal: chunk.firstOrdinal + chunk.changes.length - 1 },
      commit: chunk.commit,
      incarnation: chunk.incarnation,
      hints: this.#hints
    }
    const piece = this.#pieceFor(accepted, until, arrived)
    for (const run of filterChunk(this.#filter, accepted)) {
      piece.chunks.push(run)
      piece.changes += run.changes.length
      piece.bytes += run.bytes
      this.#changes += run.changes.length
      this.#bytes += run.bytes
    }
    piece.until = until
    piece.closed =
      accepted.last || piece.changes >= this.#limits.wholeChanges || piece.bytes >= this.#limits.batchBytes
    piece.goesOn = piece.closed && !accepted.last
    if (piece.closed) {
      this.#continues = piece.goesOn
      this.#mergeIntoPrevious()
    }
    return true
  }

  /** The first piece that can be taken, if it has come whole. */
  peek(): Piece | undefined {
    const first = this.#pieces[this.#head]
    return first?.closed === true ? first : undefined
  }

  /**
   * The first piece and those that follow as long as they fit and `isDue` (asked once per wanted piece, in order);
   * stretches of which nothing is wanted come along, and a part of a large transaction comes alone. Undefined when
   * nothing can be taken.
   */
  take(isDue: (piece: Piece) => boolean): Taken | undefined {
    let chunks: Array<ArchivedChunk> = []
    let changes = 0
    let bytes = 0
    let transactions = 0
    let until: Passed | undefined
    let goesOn = false
    for (let piece = this.peek(); piece !== undefined; piece = this.peek()) {
      const isPart = piece.goesOn || piece.continues
      if (piece.changes > 0) {
        const fits =
          changes === 0 ||
          (!isPart &&
            changes + piece.changes <= this.#limits.batchChanges &&
            bytes + piece.bytes <= this.#limits.batchBytes)
        if (!fits || !isDue(piece)) break
        if (chunks.length === 0) chunks = [...piece.chunks]
        else for (const chunk of piece.chunks) chunks.push(chunk)
        changes += piece.changes
        bytes += piece.bytes
        transactions += 1
      }
      until = piece.until
      this.#dropHead()
      if (isPart && piece.changes > 0) {
        goesOn = piece.goesOn
        break
      }
    }
    this.#changes -= changes
    this.#bytes -= bytes
    return until === undefined ? undefined : { chunks, changes, transactions, until, goesOn }
  }

  #pieceFor(chunk: ArchivedChunk, until: Passed, arrived: number): Growing {
    const tail = this.#pieces.at(-1)
    if (tail !== undefined && !tail.closed) return tail
    const piece: Growing = {
      seq: chunk.seq,
      commitTime: chunk.commit.commitTime,
      chunks: [],
      changes: 0,
      bytes: 0,
      arrived,
      until,
      goesOn: false,
      continues: this.#continues,
      closed: false
    }
    this.#pieces.push(piece)
    return piece
  }

  /** A stretch of which nothing is wanted is no piece of its own where there is one before it. */
  #mergeIntoPrevious(): void {
    const tail = this.#pieces.at(-1)
    const previous = this.#pieces.at(-2)
    if (tail === undefined || previous === undefined || tail.changes > 0) return
    if (this.#pieces.length - this.#head < 2) return
    previous.until = tail.until
    previous.goesOn = tail.goesOn
    this.#pieces.pop()
  }

  #dropHead(): void {
    this.#head += 1
    // What was taken must not be held for long: a piece may be megabytes.
    if (this.#head * 2 >= this.#pieces.length) {
      this.#pieces.splice(0, this.#head)
      this.#head = 0
    }
  }
}
