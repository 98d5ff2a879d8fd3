import { Effect, Layer } from "effect"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnRecurring } from "../runtime/Recurring.ts"
import { JobStore } from "./JobStore.ts"
import { Targets } from "./Target.ts"

export interface LedgerCleanerOptions {
  /** Between two looks at all targets. Default one hour: what lies around longer only takes room. */
  readonly everyMillis?: number
}

const defaultEveryMillis = 3_600_000

/** Jobs that are asked for, looked up and removed at once. */
const atOnce = 1000

/** Deleted jobs are kept in mind for that long: a target that was away all the time keeps their rows. */
const keptDays = 30

const cleanTarget = Effect.fnUntraced(function* (target: string) {
  const targets = yield* Targets
  const store = yield* JobStore
  let removed = 0
  for (let after: string | undefined = ""; after !== undefined; ) {
    const expired: ReadonlyArray<string> = yield* targets.expiredJobs(target, after, atOnce)
    const finished = expired.length === 0 ? [] : yield* store.finished(expired)
    if (finished.length > 0) removed += yield* targets.forgetJobs(target, finished)
    after = expired.length < atOnce ? undefined : expired.at(-1)
  }
  if (removed > 0) yield* Effect.logDebug("rows of ended jobs removed from the ledger", { target, removed })
})

/** Looks through all targets; one that cannot be reached now is looked at again next time. */
const clean = Effect.gen(function* () {
  const targets = yield* Targets
  const store = yield* JobStore
  let all = true
  for (const target of targets.names) {
    yield* Effect.catch(cleanTarget(target), (error) => {
      all = false
      return Effect.logWarning("rows of ended jobs cannot be removed from the ledger", {
        target,
        detail: error.message
      })
    })
  }
  if (all) {
    yield* Effect.catch(store.dropDeleted(keptDays), (error) => Effect.logDebug(error.message))
  }
})

/**
 * The actor that removes from the targets' ledgers what nobody needs any more: rows of jobs that are completed,
 * cancelled or deleted, and whose intervals no longer count. What may be resumed stays, however old, and so does what
 * this store does not know: another installation may write to the same target.
 */
export const ledgerCleaner = ({
  everyMillis = defaultEveryMillis
}: LedgerCleanerOptions = {}): Layer.Layer<never, never, ActorSystem | Targets | JobStore> =>
  Layer.effectDiscard(spawnRecurring({ name: "ledger-cleaner", everyMillis, run: clean }))
