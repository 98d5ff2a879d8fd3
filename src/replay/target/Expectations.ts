import type { Manner } from "./AttemptBatch.ts"

/** For how many batches a surprise is expected to come again. */
const memory = 50

const byNetEffect: Manner = { rows: false, converging: false }
const convergingByNetEffect: Manner = { rows: false, converging: true }
const rowByRow: Manner = { rows: true, converging: false }
const convergingRowByRow: Manner = { rows: true, converging: true }

/** What a session expects of its next batch, from how the last ones went. */
export class Expectations {
  readonly #strict: boolean
  /** Batches for which another job is expected to take turns with this one. */
  #contested = 0
  /** Batches for which the target's rows are expected not to be as history says. */
  #converging = 0
  /** Batches for which statements over many rows are expected to fail, on keys or references between them. */
  #tangled = 0
  /** How many batches in a row had to go row by row after all. */
  #tangles = 0

  /** `strict`: each change is checked, `on_mismatch: fail`. */
  constructor(strict: boolean) {
    this.#strict = strict
  }

  get isConverging(): boolean {
    return this.#converging > 0
  }

  /** From the fastest manner to the most patient. A converging one is tried where rows were not as history says. */
  manners(): ReadonlyArray<Manner> {
    if (this.#strict) return [rowByRow]
    if (this.#converging > 0) {
      this.#converging--
      return [convergingByNetEffect, convergingRowByRow]
    }
    if (this.#tangled > 0) {
      this.#tangled--
      return [rowByRow, convergingRowByRow]
    }
    return [byNetEffect, convergingByNetEffect, rowByRow, convergingRowByRow]
  }

  /** Whether to take the turn before anything is sent. */
  takesTurn(): boolean {
    if (this.#contested === 0) return false
    this.#contested--
    return true
  }

  /** Another job's turn came between. */
  contested(): void {
    this.#contested = memory
  }

  converged(): void {
    this.#converging = memory
  }

  /** `serverRefused`: a faster manner failed at the server before. */
  applied({ rows }: Manner, serverRefused: boolean): void {
    if (!rows) this.#tangles = 0
    else if (serverRefused && ++this.#tangles > 1) this.#tangled = memory
  }
}
