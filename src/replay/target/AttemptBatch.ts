import { Effect } from "effect"
import { unchanged } from "../../domain/Change.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import { type Frame, type Outcome, runBatch } from "./BatchRun.ts"
import { planStatements, type RowPlan, rowStatements, type Writing } from "./BatchStatements.ts"
import type { BurstFailed } from "./Burst.ts"
import { compact } from "./Compaction.ts"
import { describeRejection, generalReason } from "./Rejection.ts"
import type { Counted } from "./SetStatements.ts"
import { type Located, locate, type Stretch, tablesOf } from "./Stretch.ts"
import type { TableFits } from "./TableFits.ts"
import type { TargetConnection } from "./TargetConnection.ts"

/**
 * How a batch is applied. By its net effect or row by row; and plainly, as history says the target is, or converging,
 * where rows that should be new overwrite and rows that should be there are made.
 */
export interface Manner {
  readonly rows: boolean
  readonly converging: boolean
}

/** The change that a target refused, and why. */
export interface Refusal {
  /** Null when only the COMMIT failed: a deferred constraint does not say which change broke it. */
  readonly culprit: Located | null
  /** `schema.table` that the server named. */
  readonly table: string | null
  readonly sqlState: string
  readonly detail: string
}

export type Attempt =
  | { readonly _tag: "Applied"; readonly converged: number }
  | { readonly _tag: "NotMine" }
  /** This manner does not do. `mismatch`: because the target's rows are not as history says. */
  | {
      readonly _tag: "Failed"
      readonly mismatch: boolean
      readonly refusal: Refusal | null
      readonly sqlState: string
    }

export interface AttemptInput {
  readonly stretches: ReadonlyArray<Stretch>
  readonly fits: TableFits
  readonly manner: Manner
  readonly strict: boolean
  readonly frame: Frame
  /** What the stretches come to, if that was made ahead. */
  readonly netEffect?: NetEffect | undefined
}

export const refusalOf = (culprit: Located | null, cause: PostgresError): Refusal => ({
  culprit,
  table: cause.table ?? null,
  sqlState: cause.code,
  detail: describeRejection(cause)
})

const missingRow = (culprit: Located): Refusal => {
  const { change } = culprit
  const lacking =
    change.op === "update"
      ? change.relation.columns.filter((_, i) => change.after[i] === unchanged).map(({ name }) => `"${name}"`)
      : []
  const detail =
    lacking.length === 0
      ? "the row is not as history says"
      : `the row is not there, and the change does not hold its unchanged ${lacking.join(", ")}`
  return { culprit, table: null, sqlState: "02000", detail }
}

/** Without a replica identity the source names no row to change. */
const nameless = (located: ReadonlyArray<Located>, fits: TableFits): TargetErrorReason | undefined => {
  for (const { change } of located) {
    if (change.op !== "update" && change.op !== "delete") continue
    if (fits.of(change.relation).match.length > 0) continue
    return {
      _tag: "Unfit",
      table: tablesOf(change)[0] ?? "",
      detail: "its updates and deletes name no row: the source's table has no replica identity"
    }
  }
  return undefined
}

const isDuplicateKey = (sqlState: string): boolean => sqlState === "23505"

/** What an outcome means; `rows` is null for a net effect, whose statements are about many changes. */
const conclude = (outcome: Outcome, rows: RowPlan | null): Effect.Effect<Attempt, TargetErrorReason> => {
  switch (outcome._tag) {
    case "Done":
      return Effect.succeed({ _tag: "Applied", converged: outcome.converged })
    case "NotMine":
      return Effect.succeed({ _tag: "NotMine" })
    case "Mismatch": {
      const culprit = rows?.changes[outcome.index]
      const refusal = culprit === undefined ? null : missingRow(culprit)
      return Effect.succeed({ _tag: "Failed", mismatch: true, refusal, sqlState: "02000" })
    }
    case "Failed": {
      const { index, cause } = outcome
      const general = generalReason(cause)
      if (general !== undefined) return Effect.fail(general)
      const refusal: Refusal | null =
        rows === null && index !== null
          ? null
          : refusalOf(index === null ? null : (rows?.changes[index] ?? null), cause)
      return Effect.succeed({
        _tag: "Failed",
        mismatch: isDuplicateKey(cause.code),
        refusal,
        sqlState: cause.code
      })
    }
  }
}

/** What stretches come to, as statements. */
export interface NetEffect {
  readonly statements: ReadonlyArray<Counted>
  /** Changes that found the row not as history says, by the stretches themselves. */
  readonly converged: number
}

/** Null when it cannot be told here. The fits of all relations must be loaded. */
export const netEffect = (
  stretches: ReadonlyArray<Stretch>,
  fits: TableFits,
  writing: Writing
): NetEffect | null => {
  const plan = compact(stretches, fits.of)
  return plan === null
    ? null
    : { statements: planStatements(plan, fits.of, writing), converged: plan.converged }
}

export const writingOf = ({ mode }: TargetConnection, { converging }: Manner): Writing => ({
  converging,
  deferred: mode === "origin"
})

/** Tries to apply in one manner, all or nothing. The fits of all relations must be loaded. */
export const attemptBatch = (
  connection: TargetConnection,
  input: AttemptInput
): Effect.Effect<Attempt, BurstFailed | TargetErrorReason> =>
  Effect.suspend(() => {
    const { stretches, fits, manner, strict, frame } = input
    const run = (statements: RowPlan["statements"], rows: RowPlan | null) =>
      Effect.flatMap(runBatch(connection, { frame, statements, strict }), (outcome) =>
        conclude(outcome, rows)
      )
    const writing = writingOf(connection, manner)
    if (!manner.rows) {
      const net = input.netEffect ?? netEffect(stretches, fits, writing)
      if (net === null) {
        return Effect.as(frame.leave, {
          _tag: "Failed",
          mismatch: false,
          refusal: null,
          sqlState: ""
        } satisfies Attempt)
      }
      return Effect.map(run(net.statements, null), (attempt) =>
        attempt._tag === "Applied" ? { ...attempt, converged: attempt.converged + net.converged } : attempt
      )
    }
    const located = locate(stretches)
    const unfit = nameless(located, fits)
    if (unfit !== undefined) return Effect.andThen(frame.leave, Effect.fail(unfit))
    const rows = rowStatements(located, fits.of, writing)
    return run(rows.statements, rows)
  })
