import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, Result, Schedule } from "effect"
import { runWorkload, workloadLock } from "../../../src/main/demo/DemoWorkload.ts"
import { prepareDemo } from "../../../src/main/demo/PrepareDemo.ts"
import * as Shop from "../../../src/main/demo/ShopActions.ts"
import { closeBooks, importOffers } from "../../../src/main/demo/ShopBulk.ts"
import { connectPg, inTransaction, type PgSession } from "../../../src/postgres/PgSession.ts"
import { compareDatabases } from "../../servers/CompareDatabases.ts"
import { makeTestPostgres } from "../../servers/TestPostgres.ts"

const count = (session: PgSession, of: string) =>
  Effect.map(session.query(`SELECT count(*) AS n FROM ${of}`), ([row]) => Number(row?.["n"]))

const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  condition.pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("50 millis") }),
    Effect.timeout("20 seconds")
  )

describe("the demo", () => {
  it.live("prepares a shop whose copy is the target, once", () =>
    Effect.gen(function* () {
      const { url } = yield* makeTestPostgres()
      let attached = 0
      const prepare = prepareDemo({
        url,
        attach: Effect.sync(() => {
          attached += 1
        })
      })
      assert.isTrue(yield* prepare)
      assert.isFalse(yield* prepare)
      assert.strictEqual(attached, 1)
      assert.deepStrictEqual(yield* compareDatabases(url("shop"), url("replica")), [])
      const shop = yield* connectPg({ url: url("shop"), applicationName: "test" })
      assert.strictEqual(yield* count(shop, "public.orders"), 2000)
    }).pipe(Effect.scoped)
  )

  it.live("goes on where an interrupted preparation stopped", () =>
    Effect.gen(function* () {
      const { url } = yield* makeTestPostgres()
      const failed = yield* Effect.result(prepareDemo({ url, attach: Effect.fail("killed") }))
      assert.isTrue(Result.isFailure(failed))
      assert.isTrue(yield* prepareDemo({ url, attach: Effect.void }))
      assert.deepStrictEqual(yield* compareDatabases(url("shop"), url("replica")), [])
    }).pipe(Effect.scoped)
  )

  it.live(
    "has transactions that all work, and a workload that survives its server and stands still on demand",
    () =>
      Effect.gen(function* () {
        const server = yield* makeTestPostgres()
        const { url } = server
        yield* prepareDemo({ url, attach: Effect.void })
        const shop = Effect.suspend(() => connectPg({ url: url("shop"), applicationName: "test" }))

        yield* Effect.gen(function* () {
          const session = yield* shop
          const actions: ReadonlyArray<Shop.Action> = [
            Shop.placeOrder,
            Shop.shipOrder,
            Shop.deliverOrder,
            Shop.refundOrder,
            Shop.changePrice,
            Shop.restock,
            Shop.visit,
            Shop.editProfile,
            Shop.fillCart,
            Shop.dropCarts,
            importOffers,
            importOffers,
            closeBooks
          ]
          let declined = 0
          for (const action of [...Array.from({ length: 60 }, () => Shop.placeOrder), ...actions]) {
            yield* inTransaction(session, action(session)).pipe(
              Effect.catchTag("Declined", () =>
                Effect.sync(() => {
                  declined += 1
                })
              )
            )
          }
          assert.isAbove(declined, 0)
          assert.strictEqual((yield* count(session, "public.supplier_offers")) % 2000, 0)
          assert.isAbove(yield* count(session, "public.refunds"), 100)
          // The large profile is out of line, or its updates would show nothing.
          const [toast] = yield* session.query(
            `SELECT pg_relation_size(reltoastrelid) AS bytes FROM pg_class WHERE oid = 'public.customers'::regclass`
          )
          assert.isAbove(Number(toast?.["bytes"]), 500_000)
        }).pipe(Random.withSeed("demo"), Effect.scoped)

        const workload = yield* Effect.forkChild(runWorkload({ url: url("shop"), rate: 300 }))
        const placed = Effect.scoped(Effect.flatMap(shop, (session) => count(session, "public.order_events")))
        const before = yield* placed
        yield* until(Effect.map(placed, (now) => now > before + 100))

        yield* server.restart
        const after = yield* placed
        yield* until(Effect.map(placed, (now) => now > after + 20))

        yield* Effect.gen(function* () {
          const session = yield* shop
          yield* session.query(`SELECT pg_advisory_lock(${workloadLock})`)
          const [still] = yield* session.query(
            `SELECT count(*) AS writing FROM pg_stat_activity
           WHERE application_name = 'walstream demo shop' AND backend_xid IS NOT NULL`
          )
          assert.deepStrictEqual(still, { writing: "0" })
        }).pipe(Effect.scoped)
        const released = yield* placed
        yield* until(Effect.map(placed, (now) => now > released))
        yield* Fiber.interrupt(workload)
      }).pipe(Effect.scoped)
  )
})
