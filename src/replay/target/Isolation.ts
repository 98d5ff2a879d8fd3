import type { Position } from "../../domain/Position.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { ApplyBatch } from "../Target.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import type { Refusal } from "./AttemptBatch.ts"
import { endOf, type Stretch, tablesOf } from "./Stretch.ts"

/** Part of a batch that is applied in one go. */
export interface Piece {
  readonly chunks: ApplyBatch["chunks"]
  readonly until: Position
}

/** What comes before transaction `seq`, that one, and what comes after it, which ends where the whole does. */
export const splitPiece = (
  piece: Piece,
  seq: number
): readonly [Piece | undefined, Piece, Piece | undefined] => {
  const before = piece.chunks.filter((chunk) => chunk.seq < seq)
  const its = piece.chunks.filter((chunk) => chunk.seq === seq)
  const after = piece.chunks.filter((chunk) => chunk.seq > seq)
  const last = before.at(-1)
  const end = its.at(-1)
  return [
    last === undefined ? undefined : { chunks: before, until: endOf(last) },
    { chunks: its, until: after.length === 0 || end === undefined ? piece.until : endOf(end) },
    after.length === 0 ? undefined : { chunks: after, until: piece.until }
  ]
}

interface Suspect extends Position {
  readonly table: string
}

/** The last change of each table: who is named when only the COMMIT failed, which says no more than a table. */
export class LastChanges {
  readonly #byTable = new Map<string, Suspect>()
  #last: Suspect | undefined

  add(stretches: ReadonlyArray<Stretch>): this {
    const found = new Map<string, Suspect>()
    let seen: Relation | undefined
    for (const { seq, firstOrdinal, changes } of stretches.toReversed()) {
      for (let i = changes.length - 1; i >= 0; i--) {
        const change = changes[i]
        if (change === undefined || change.op === "message") continue
        const relations = change.op === "truncate" ? change.relations : [change.relation]
        for (const relation of relations) {
          if (relation === seen) continue
          seen = relation
          const table = tableName(relation)
          if (!found.has(table)) found.set(table, { seq, ordinal: firstOrdinal + i, table })
        }
      }
    }
    for (const [table, suspect] of found) this.#byTable.set(table, suspect)
    const [latest] = found.values()
    this.#last = latest ?? this.#last
    return this
  }

  find(table: string | null): Suspect | undefined {
    return (table === null ? undefined : this.#byTable.get(table)) ?? this.#last
  }
}

/** What a refusal comes to for people: the change at fault, or the likeliest one. */
export const rejection = (
  until: Position,
  { culprit, table, sqlState, detail }: Refusal,
  lasts: LastChanges
): TargetErrorReason => {
  const to =
    culprit === null ? lasts.find(table) : { ...culprit, table: tablesOf(culprit.change)[0] ?? table ?? "" }
  return {
    _tag: "Rejected",
    seq: to?.seq ?? until.seq,
    ordinal: to?.ordinal ?? until.ordinal,
    table: to?.table ?? table ?? "",
    sqlState,
    detail
  }
}
