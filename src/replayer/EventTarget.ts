import { Effect, type Scope, Semaphore } from "effect"
import type { Change } from "../domain/Change.ts"
import type { DedupeMode, MismatchMode } from "../domain/Job.ts"
import type { Position } from "../domain/Position.ts"
import { TargetError, type TargetErrorReason } from "../replay/TargetError.ts"
import { attemptBatch } from "../replay/target/AttemptBatch.ts"
import { commit } from "../replay/target/BatchRun.ts"
import { BurstFailed } from "../replay/target/Burst.ts"
import {
  findKeysStatement,
  judgeByMarks,
  keysOf,
  markStatement,
  readMarks
} from "../replay/target/EventKeys.ts"
import type { Failure } from "../replay/target/Holder.ts"
import { judge } from "../replay/target/Intervals.ts"
import { LastChanges, rejection } from "../replay/target/Isolation.ts"
import { intervalsStatement, readIntervals, takeTurnStatement } from "../replay/target/Ledger.ts"
import { type OpenOptions, openTarget } from "../replay/target/OpenTarget.ts"
import { generalReason } from "../replay/target/Rejection.ts"
import { relationsOf, type Stretch, tablesOf } from "../replay/target/Stretch.ts"
import { TableFits } from "../replay/target/TableFits.ts"

/** One change, to be applied by itself. */
export interface ReplayEvent {
  readonly position: Position
  readonly change: Change
  readonly dedupe: DedupeMode
  readonly onMismatch: MismatchMode
}

export type EventResult = "applied" | "duplicate" | "converged"

/** What single calls take turns as: no job has this name. */
const turn = "event"

/** A target's way in for single changes of one history. */
export interface EventTarget {
  /**
   * Applies the change and marks it, in one transaction, unless the target has it. One that is older than what was
   * applied to its row is refused (`Overlap`): it would write old values over new ones.
   */
  readonly apply: (event: ReplayEvent) => Effect.Effect<EventResult, TargetError>
  readonly isAlive: () => boolean
}

const overlap = ({ seq }: Position): TargetErrorReason => ({ _tag: "Overlap", from: seq, until: seq + 1 })

export const openEventTarget: (
  target: string,
  open: OpenOptions
) => Effect.Effect<EventTarget, TargetError, Scope.Scope> = Effect.fnUntraced(function* (target, open) {
  const failed = (reason: TargetErrorReason) => new TargetError({ target, reason })
  const connection = yield* Effect.mapError(openTarget(open), failed)
  const { source } = open
  const fits = new TableFits()
  const turns = yield* Semaphore.make(1)

  /** Takes the turn in a transaction that stays open, and looks what the target has of the change. */
  const look = Effect.fnUntraced(function* ({ position, change, dedupe }: ReplayEvent) {
    const keys = keysOf(change)
    const done = yield* connection.send([
      ...connection.begin,
      takeTurnStatement(source, turn),
      intervalsStatement(source, turn),
      findKeysStatement(source, position, position, keys)
    ])
    if (dedupe === "off") return "new"
    const [, intervals, marks] = done.slice(connection.begin.length)
    const byMarks = judgeByMarks(readMarks(marks?.rows ?? []), position, keys)
    if (byMarks !== "new" || dedupe === "job") return byMarks
    const known = readIntervals(intervals?.rows ?? [])
    const tables = change.op === "message" ? [null] : tablesOf(change)
    const verdicts = tables.map((table) => judge(known, table, change.op, position))
    if (verdicts.includes("older")) return "older"
    return verdicts.every((verdict) => verdict === "duplicate") ? "duplicate" : "new"
  })

  const apply = Effect.fnUntraced(function* (event: ReplayEvent): Effect.fn.Return<EventResult, Failure> {
    const { position, change } = event
    const stretches: ReadonlyArray<Stretch> = [
      { seq: position.seq, firstOrdinal: position.ordinal, changes: [change] }
    ]
    const strict = event.onMismatch === "fail"
    for (const converging of strict ? [false] : [false, true]) {
      const verdict = yield* look(event)
      if (verdict !== "new") yield* connection.rollback
      if (verdict === "duplicate") return "duplicate"
      if (verdict === "older") return yield* Effect.fail<Failure>(overlap(position))
      yield* fits.load(connection, relationsOf(stretches))
      const tried = yield* attemptBatch(connection, {
        stretches,
        fits,
        manner: { rows: true, converging },
        strict,
        frame: {
          lead: [markStatement(source, position, keysOf(change))],
          end: commit,
          undo: connection.rollback,
          leave: connection.rollback
        }
      })
      if (tried._tag === "Applied") return tried.converged > 0 ? "converged" : "applied"
      if (tried._tag === "NotMine") return yield* Effect.die(new Error("a mark asks no ledger"))
      if (tried.sqlState.startsWith("42")) fits.forget()
      if (tried.mismatch && !converging && !strict) continue
      const refusal = tried.refusal ?? { culprit: null, table: null, sqlState: tried.sqlState, detail: "" }
      return yield* Effect.fail<Failure>(rejection(position, refusal, new LastChanges().add(stretches)))
    }
    return yield* Effect.die(new Error("the last manner ends the loop"))
  })

  return {
    isAlive: connection.isAlive,
    apply: (event) =>
      apply(event).pipe(
        Effect.onError(() => connection.rollback),
        Effect.mapError((failure) =>
          failed(
            failure instanceof BurstFailed
              ? (generalReason(failure.cause) ?? { _tag: "Refused", detail: failure.cause.message })
              : failure
          )
        ),
        turns.withPermit
      )
  }
})
