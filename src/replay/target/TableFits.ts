import { Clock, Effect } from "effect"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import type { BurstFailed } from "./Burst.ts"
import { type Fit, fitRelation, isMisfit } from "./Fit.ts"
import { catalogSql, describeTable } from "./TargetCatalog.ts"
import type { TargetConnection } from "./TargetConnection.ts"
import type { TargetTable } from "./TargetTable.ts"
import { stringArray } from "./ValueText.ts"

/** How long the catalog is believed: a trigger or column that somebody adds is seen at the latest then. */
const lifetime = 30_000

/** How the relations of a session fit the target, asked of its catalog once per shape and lifetime. */
export class TableFits {
  readonly #fits = new Map<string, Fit>()
  #read = 0
  #revision = 0

  /** Another one where fits may have changed. */
  get revision(): number {
    return this.#revision
  }

  /** After a failure that a change of the catalog would explain. */
  forget(): void {
    this.#fits.clear()
    this.#revision++
  }

  /** Why batches go row by row, of the first table where that is so; null where the net effect is enough. */
  get rowByRow(): string | null {
    for (const { rowByRow, relation } of this.#fits.values()) {
      if (rowByRow !== null) return `${tableName(relation)}: ${rowByRow}`
    }
    return null
  }

  /** Only for relations that `load` has seen since. */
  readonly of = (relation: Relation): Fit => {
    const fit = this.#fits.get(relation.fingerprint)
    if (fit === undefined) throw new RangeError(`table ${tableName(relation)} was never looked up`)
    return fit
  }

  knows(relations: ReadonlyArray<Relation>): boolean {
    return relations.every(({ fingerprint }) => this.#fits.has(fingerprint))
  }

  load(
    connection: TargetConnection,
    relations: ReadonlyArray<Relation>
  ): Effect.Effect<void, BurstFailed | TargetErrorReason> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (now - this.#read > lifetime) this.forget()
      const unknown = relations.filter(({ fingerprint }) => !this.#fits.has(fingerprint))
      if (unknown.length === 0) return Effect.void
      if (this.#fits.size === 0) this.#read = now
      const statement = {
        sql: catalogSql,
        parameters: [
          stringArray(unknown.map(({ schema }) => schema)),
          stringArray(unknown.map(({ name }) => name)),
          connection.mode === "replica" ? "{A,R}" : "{A,O}"
        ]
      }
      return Effect.flatMap(connection.send([statement]), ([done]) => this.#learn(unknown, done?.rows ?? []))
    })
  }

  #learn(
    unknown: ReadonlyArray<Relation>,
    rows: ReadonlyArray<ReadonlyArray<string | null>>
  ): Effect.Effect<void, TargetErrorReason> {
    const tables = new Map<string, TargetTable>()
    for (const [text] of rows) {
      const table = describeTable(text ?? "")
      tables.set(tableName(table), table)
    }
    for (const relation of unknown) {
      const fit = fitRelation(relation, tables.get(tableName(relation)))
      if (isMisfit(fit)) return Effect.fail({ _tag: "Unfit", ...fit })
      this.#fits.set(relation.fingerprint, fit)
    }
    return Effect.void
  }
}
