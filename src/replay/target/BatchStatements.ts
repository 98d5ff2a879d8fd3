import type { Truncate } from "../../domain/Change.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { Plan } from "./Compaction.ts"
import type { Fit } from "./Fit.ts"
import { rowStatement } from "./RowStatements.ts"
import { type Counted, convergingStatements, plainStatements } from "./SetStatements.ts"
import type { Located } from "./Stretch.ts"
import { only } from "./TargetTable.ts"

type FitOf = (relation: Relation) => Fit

/**
 * One statement over the whole list: table by table it would fail on foreign keys between them. Never CASCADE: what it
 * reached at the source is in the list; at the target it would reach tables that are none of the job's. One that is
 * not in the list and refers to these makes the server refuse.
 */
const truncateStatement = (change: Truncate, fitOf: FitOf): Counted => {
  const tables = change.relations.map((relation) => only(fitOf(relation).table))
  const restart = change.restartIdentity ? " RESTART IDENTITY" : ""
  return {
    sql: `TRUNCATE ${tables.join(", ")}${restart}`,
    count: "any",
    rows: 0,
    parameters: []
  }
}

/** All deletes before all updates before all inserts: a value that one row gives up is free for another. */
export const planStatements = (plan: Plan, fitOf: FitOf, converging: boolean): ReadonlyArray<Counted> =>
  plan.steps.flatMap((step): ReadonlyArray<Counted> => {
    if (step.kind === "truncate") return [truncateStatement(step.change, fitOf)]
    if (step.kind === "single") return [rowStatement(fitOf(step.change.relation), step.change, converging)]
    const tables = step.tables.map(converging ? convergingStatements : plainStatements)
    return [
      ...tables.flatMap(({ deletes }) => deletes),
      ...tables.flatMap(({ updates }) => updates),
      ...tables.flatMap(({ inserts }) => inserts)
    ]
  })

/** One statement per change, in order, and the change that each is about. */
export interface RowPlan {
  readonly statements: ReadonlyArray<Counted>
  readonly changes: ReadonlyArray<Located>
}

export const rowStatements = (
  located: ReadonlyArray<Located>,
  fitOf: FitOf,
  converging: boolean
): RowPlan => {
  const statements: Array<Counted> = []
  const changes: Array<Located> = []
  for (const one of located) {
    const { change } = one
    // A logical message belongs to no table: there is nothing to write.
    if (change.op === "message") continue
    changes.push(one)
    statements.push(
      change.op === "truncate"
        ? truncateStatement(change, fitOf)
        : rowStatement(fitOf(change.relation), change, converging)
    )
  }
  return { statements, changes }
}

/** How often rows were not as history says; null where a statement did too little, with its index. */
export const readCounts = (
  statements: ReadonlyArray<Counted>,
  counts: ReadonlyArray<number>,
  strict: boolean
): { readonly converged: number; readonly mismatch: number | null } => {
  let converged = 0
  for (const [i, { count, rows }] of statements.entries()) {
    const found = counts[i] ?? 0
    if (count === "exact" && found !== rows) return { converged, mismatch: i }
    const odd = count === "missing" ? rows - found : count === "extra" ? found : 0
    if (strict && odd !== 0) return { converged, mismatch: i }
    converged += odd
  }
  return { converged, mismatch: null }
}
