import { Effect, type Redacted, Scope } from "effect"
import { connectPg, inTransaction, type PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { demoSchema } from "./DemoSchema.ts"
import { seedDemo } from "./DemoSeed.ts"

/** The source and the target of the demo, two databases of one server. */
export const demoSource = "shop"
export const demoTarget = "replica"

export interface PrepareDemoOptions<E, R> {
  /** The URL of a database of the server, for a role that may create databases. */
  readonly url: (database: string) => Redacted.Redacted
  /**
   * Makes publication and slot in the source. Must find them when they are there already, and must leave no
   * connection to the source behind: it is copied next.
   */
  readonly attach: Effect.Effect<void, E, R>
}

const applicationName = "walstream demo"

const exists = (session: PgSession, database: string) =>
  Effect.map(
    session.query(`SELECT FROM pg_catalog.pg_database WHERE datname = $1`, [database]),
    (rows) => rows.length > 0
  )

const fillShop = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    const shop = yield* connectPg({ url, applicationName })
    const found = yield* shop.query(
      `SELECT FROM pg_catalog.pg_class WHERE oid = to_regclass('public.orders')`
    )
    if (found.length > 0) return
    // One transaction: a shop is whole or empty, whenever we are killed.
    yield* inTransaction(shop, Effect.andThen(shop.script(demoSchema.join(";\n")), seedDemo(shop)))
  }).pipe(Effect.scoped)

/**
 * On a fresh server makes the shop, attaches, and copies the shop to the target before anything changes in it: the
 * target is the source as of the slot's first moment, and the log holds everything after it. Each step finds what
 * an earlier, interrupted one has left; the copy comes last and says that all is done. True when it was made now.
 */
export const prepareDemo = <E, R>(
  options: PrepareDemoOptions<E, R>
): Effect.Effect<boolean, E | PostgresError, R> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function* () {
      const admin = yield* connectPg({ url: options.url("postgres"), applicationName }).pipe(
        Effect.provideService(Scope.Scope, scope)
      )
      if (yield* exists(admin, demoTarget)) return false
      if (!(yield* exists(admin, demoSource))) yield* admin.script(`CREATE DATABASE ${demoSource}`)
      yield* fillShop(options.url(demoSource))
      yield* options.attach
      yield* admin.script(`CREATE DATABASE ${demoTarget} TEMPLATE ${demoSource}`)
      return true
    })
  )
