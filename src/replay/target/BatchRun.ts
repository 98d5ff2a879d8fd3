import { Effect } from "effect"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { readCounts } from "./BatchStatements.ts"
import type { BurstFailed, Done, Statement } from "./Burst.ts"
import { notMine } from "./Ledger.ts"
import { generalReason } from "./Rejection.ts"
import type { Counted } from "./SetStatements.ts"
import type { TargetConnection } from "./TargetConnection.ts"

/** How a try to apply ended. Anything but `done` has left nothing behind. */
export type Outcome =
  | { readonly _tag: "Done"; readonly converged: number }
  /** The ledger was not as expected. */
  | { readonly _tag: "NotMine" }
  /** The target's row was not as history says, and the statement could not mend it. */
  | { readonly _tag: "Mismatch"; readonly index: number }
  /** A statement failed; null for the COMMIT, where deferred constraints are checked. */
  | { readonly _tag: "Failed"; readonly index: number | null; readonly cause: PostgresError }

export interface BatchRun {
  /** Before the ledger's step: BEGIN, unless the transaction is open already. */
  readonly lead: ReadonlyArray<Statement>
  /** Locks and moves the ledger. */
  readonly advance: Statement
  readonly statements: ReadonlyArray<Counted>
  /** `on_mismatch: fail`. */
  readonly strict: boolean
}

export const commit: Statement = { sql: "COMMIT", parameters: [] }

const outcomeOf = (failed: BurstFailed, lead: number, size: number): Effect.Effect<Outcome, BurstFailed> => {
  const at = failed.index - lead
  // Lost connections, lock time-outs and the like say nothing about the change that they hit.
  if (failed.index < 0 || generalReason(failed.cause)?._tag === "Unavailable") return Effect.fail(failed)
  if (at < 0) return Effect.fail(failed)
  if (at === 0)
    return failed.cause.code === notMine ? Effect.succeed({ _tag: "NotMine" }) : Effect.fail(failed)
  return Effect.succeed({ _tag: "Failed", index: at > size ? null : at - 1, cause: failed.cause })
}

/**
 * One target transaction: ledger and changes together, or nothing. It takes one round trip where no count could keep
 * it from being committed, else a second one for the COMMIT.
 */
export const runBatch = (
  connection: TargetConnection,
  { lead, advance, statements, strict }: BatchRun
): Effect.Effect<Outcome, BurstFailed> => {
  const blind = !strict && statements.every(({ count }) => count !== "exact")
  const rest = [advance, ...statements]
  const conclude = (done: ReadonlyArray<Done>): Effect.Effect<Outcome, BurstFailed> => {
    const counts = done.slice(lead.length + 1).map(({ count }) => count)
    const { converged, mismatch } = readCounts(statements, counts, strict)
    if (mismatch !== null) return Effect.as(connection.rollback, { _tag: "Mismatch", index: mismatch })
    const ended: Outcome = { _tag: "Done", converged }
    if (blind) return Effect.succeed(ended)
    return connection.send([commit]).pipe(
      Effect.as(ended),
      Effect.catch((failed) =>
        failed.index < 0 || generalReason(failed.cause)?._tag === "Unavailable"
          ? Effect.fail(failed)
          : Effect.succeed<Outcome>({ _tag: "Failed", index: null, cause: failed.cause })
      )
    )
  }
  return connection.send(blind ? [...lead, ...rest, commit] : [...lead, ...rest]).pipe(
    Effect.flatMap(conclude),
    Effect.catch((failed) =>
      Effect.andThen(connection.rollback, outcomeOf(failed, lead.length, statements.length))
    ),
    Effect.onInterrupt(() => connection.rollback)
  )
}
