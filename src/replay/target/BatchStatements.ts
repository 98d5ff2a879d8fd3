import type { Truncate } from "../../domain/Change.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { Plan } from "./Compaction.ts"
import type { Fit } from "./Fit.ts"
import { rowStatement } from "./RowStatements.ts"
import { type Counted, convergingStatements, plainStatements } from "./SetStatements.ts"
import type { Located } from "./Stretch.ts"
import { deferConstraints } from "./TargetConnection.ts"
import { only } from "./TargetTable.ts"

type FitOf = (relation: Relation) => Fit

/** How the statements are to be written. */
export interface Writing {
  readonly converging: boolean
  /** Constraints that can be are deferred: without replica rights. */
  readonly deferred: boolean
}

const plain = (sql: string): Counted => ({ sql, count: "any", rows: 0, parameters: [] })

/**
 * Checks what is deferred as far as it holds. The server refuses to truncate a table with checks to come, which at the
 * source were made at once. Where one does not hold yet, all of them stay: then it was deferred at the source, too.
 */
const checkNow = plain("DO $$ BEGIN SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN OTHERS THEN NULL; END $$")

/**
 * One statement over the whole list: table by table it would fail on foreign keys between them. Never CASCADE: what it
 * reached at the source is in the list; at the target it would reach tables that are none of the job's. One that is
 * not in the list and refers to these makes the server refuse.
 */
const truncateStatements = (
  change: Truncate,
  fitOf: FitOf,
  { deferred }: Writing
): ReadonlyArray<Counted> => {
  const tables = change.relations.map((relation) => only(fitOf(relation).table))
  const restart = change.restartIdentity ? " RESTART IDENTITY" : ""
  const truncate = plain(`TRUNCATE ${tables.join(", ")}${restart}`)
  return deferred ? [checkNow, truncate, plain(deferConstraints)] : [truncate]
}

/** All deletes before all updates before all inserts: a value that one row gives up is free for another. */
export const planStatements = (plan: Plan, fitOf: FitOf, writing: Writing): ReadonlyArray<Counted> =>
  plan.steps.flatMap((step): ReadonlyArray<Counted> => {
    if (step.kind === "truncate") return truncateStatements(step.change, fitOf, writing)
    if (step.kind === "single")
      return [rowStatement(fitOf(step.change.relation), step.change, writing.converging)]
    const tables = step.tables.map(writing.converging ? convergingStatements : plainStatements)
    return [
      ...tables.flatMap(({ deletes }) => deletes),
      ...tables.flatMap(({ updates }) => updates),
      ...tables.flatMap(({ inserts }) => inserts)
    ]
  })

/** The statements of each change, in order, and the change that each is about. */
export interface RowPlan {
  readonly statements: ReadonlyArray<Counted>
  readonly changes: ReadonlyArray<Located>
}

export const rowStatements = (located: ReadonlyArray<Located>, fitOf: FitOf, writing: Writing): RowPlan => {
  const statements: Array<Counted> = []
  const changes: Array<Located> = []
  for (const one of located) {
    const { change } = one
    // A logical message belongs to no table: there is nothing to write.
    if (change.op === "message") continue
    const its =
      change.op === "truncate"
        ? truncateStatements(change, fitOf, writing)
        : [rowStatement(fitOf(change.relation), change, writing.converging)]
    for (const statement of its) {
      statements.push(statement)
      changes.push(one)
    }
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
