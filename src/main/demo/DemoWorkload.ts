import { Clock, Effect, Random, type Redacted, Schedule } from "effect"
import { connectPg, inTransaction, type PgSession } from "../../postgres/PgSession.ts"
import { gap } from "./Rhythm.ts"
import {
  type Action,
  changePrice,
  deliverOrder,
  dropCarts,
  editProfile,
  fillCart,
  placeOrder,
  refundOrder,
  restock,
  shipOrder,
  visit
} from "./ShopActions.ts"
import { closeBooks, importOffers } from "./ShopBulk.ts"

/**
 * Every transaction of the workload first takes this advisory lock, shared. Who takes it exclusively
 * (`SELECT pg_advisory_lock(7308332)` in the source database) waits for the running ones and holds off the next:
 * the shop stands still between two transactions until it is released.
 */
export const workloadLock = 7308332

/** What happens how often. A bulk import comes about once a minute at 30 transactions a second. */
const actions: ReadonlyArray<readonly [weight: number, name: string, action: Action]> = [
  [500, "place order", placeOrder],
  [350, "ship order", shipOrder],
  [330, "deliver order", deliverOrder],
  [40, "refund order", refundOrder],
  [80, "change price", changePrice],
  [80, "restock", restock],
  [250, "visit", visit],
  [60, "edit profile", editProfile],
  [150, "fill cart", fillCart],
  [30, "drop carts", dropCarts],
  [4, "close books", closeBooks],
  [1, "import offers", importOffers]
]
const totalWeight = actions.reduce((sum, [weight]) => sum + weight, 0)

const pick = (u: number): (typeof actions)[number] | undefined => {
  let rest = u * totalWeight
  return actions.find(([weight]) => {
    rest -= weight
    return rest < 0
  })
}

export interface WorkloadOptions {
  /** The shop's database. */
  readonly url: Redacted.Redacted
  /** Transactions a second, on average. */
  readonly rate: number
}

/** Several at once, so that transactions interleave as in a real shop. */
const workers = 3

const transact = (session: PgSession, name: string, action: Action) =>
  inTransaction(
    session,
    Effect.andThen(session.script(`SELECT pg_advisory_xact_lock_shared(${workloadLock})`), action(session))
  ).pipe(
    Effect.catchTag("Declined", ({ reason }) => Effect.logDebug(`${name}: ${reason}`)),
    // A deadlock, a serialization failure, a table that somebody altered: the next customer comes anyway.
    Effect.catchIf(
      (error) => error.failure !== "unavailable",
      (error) => Effect.logDebug(`${name}: ${error.message}`)
    )
  )

/** Until its connection is lost. */
const worker = Effect.fnUntraced(function* (options: WorkloadOptions) {
  const session = yield* connectPg({ url: options.url, applicationName: "walstream demo shop" })
  return yield* Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* Effect.sleep(gap(now, options.rate / workers, yield* Random.next))
    const chosen = pick(yield* Random.next)
    if (chosen !== undefined) yield* transact(session, chosen[1], chosen[2])
  }).pipe(Effect.forever)
}, Effect.scoped)

const reconnect = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")])

/** Shoppers without end. Goes on with the data it finds, and reconnects for ever when the shop is down. */
export const runWorkload = (options: WorkloadOptions): Effect.Effect<never> =>
  Effect.all(
    Array.from({ length: workers }, () =>
      worker(options).pipe(
        Effect.tapError((error) => Effect.logWarning(`the demo shop is closed: ${error.message}`)),
        Effect.retry(reconnect),
        Effect.orDie
      )
    ),
    { concurrency: "unbounded", discard: true }
  ).pipe(Effect.andThen(Effect.never))
