import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { type Manner, type NetEffect, netEffect, writingOf } from "./AttemptBatch.ts"
import { relationsOf, type Stretch } from "./Stretch.ts"
import type { TableFits } from "./TableFits.ts"
import type { TargetConnection } from "./TargetConnection.ts"

interface Made {
  readonly connection: TargetConnection
  readonly manner: Manner
  /** Of the catalog that it was made by. */
  readonly revision: number
  readonly netEffect: NetEffect
}

/**
 * Works out what a batch comes to while the target is at the one before, as if it will go as the last one went. Only a
 * guess: it is used if the batch's turn finds everything so, and nothing of it is sent before.
 */
export class Ahead {
  readonly #fits: TableFits
  #last: { readonly connection: TargetConnection; readonly manner: Manner } | undefined
  /** By the batch's own list of chunks. One that is never applied goes with it. */
  readonly #made = new WeakMap<ReadonlyArray<Stretch>, Made>()

  constructor(fits: TableFits) {
    this.#fits = fits
  }

  /** The last batch went so. */
  applied(connection: TargetConnection, manner: Manner): void {
    this.#last = { connection, manner }
  }

  make(chunks: ReadonlyArray<ArchivedChunk>): void {
    const last = this.#last
    if (last === undefined || last.manner.rows || chunks.length === 0) return
    // Parts of a large transaction: one of them at a time is enough to hold in memory.
    if (chunks.at(-1)?.last === false) return
    if (!this.#fits.knows(relationsOf(chunks))) return
    const { connection, manner } = last
    const net = netEffect(chunks, this.#fits, writingOf(connection, manner))
    if (net === null) return
    const statements = net.statements.map((statement) =>
      statement.copy === undefined ? statement : { ...statement, copy: [...statement.copy] }
    )
    const { revision } = this.#fits
    this.#made.set(chunks, { connection, manner, revision, netEffect: { ...net, statements } })
  }

  /** What was made of exactly these, if all is as it was guessed. */
  take(
    connection: TargetConnection,
    stretches: ReadonlyArray<Stretch>,
    manner: Manner
  ): NetEffect | undefined {
    const made = this.#made.get(stretches)
    if (made === undefined) return undefined
    this.#made.delete(stretches)
    const isSo =
      made.connection === connection && made.manner === manner && made.revision === this.#fits.revision
    return isSo ? made.netEffect : undefined
  }
}
