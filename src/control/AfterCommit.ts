import { Context, Effect } from "effect"

/** What waits for the end of the transaction that is open; null where none is. */
const waiting = Context.Reference<Array<Effect.Effect<void>> | null>(
  "walstream/control/AfterCommit/waiting",
  {
    defaultValue: () => null
  }
)

/** Runs it once what is done so far can be seen by others: behind the transaction, or at once where there is none. */
export const afterCommit = (work: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(waiting, (list) => (list === null ? work : Effect.sync(() => void list.push(work))))

/** Around a transaction. However it ends, since nobody may know whether it has committed. */
export const thenAfterCommit = <A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const list: Array<Effect.Effect<void>> = []
    return Effect.ensuring(
      Effect.provideService(transaction, waiting, list),
      Effect.suspend(() => Effect.all(list, { discard: true }))
    )
  })
