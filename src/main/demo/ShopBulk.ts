import { Effect, Random } from "effect"
import type { Action } from "./ShopActions.ts"

const rows = 2000

/** A supplier's price list: staged, then merged. About 4000 changes in one transaction, a TRUNCATE among them. */
export const importOffers: Action = Effect.fnUntraced(function* (session) {
  const supplier = `supplier-${yield* Random.nextIntBetween(1, 3)}`
  const salt = String(yield* Random.nextIntBetween(1, 1000))
  yield* session.script(`TRUNCATE public.import_staging`)
  yield* session.query(
    `INSERT INTO public.import_staging (line, sku, price)
     SELECT i, 'SKU-' || lpad(i::text, 5, '0'), ((i * 7919 + $1::int) % 30000 + 99) / 100.0
     FROM generate_series(1, ${rows}) i`,
    [salt]
  )
  yield* session.query(
    `INSERT INTO public.supplier_offers (supplier, sku, price)
     SELECT $1, sku, price FROM public.import_staging
     ON CONFLICT (supplier, sku) DO UPDATE SET price = excluded.price, imported_at = now()`,
    [supplier]
  )
})

/** How many orders the shop keeps: the demo may run for weeks. */
const kept = 20_000

/** The books are closed: orders beyond the newest are removed with all that hangs on them, and so are old prices. */
export const closeBooks: Action = Effect.fnUntraced(function* (session) {
  const closed = yield* session.query(
    `SELECT id FROM public.orders
     WHERE id <= (SELECT id FROM public.orders ORDER BY id DESC OFFSET ${kept} LIMIT 1)
     ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED`
  )
  const orders = [closed.map((order) => order["id"] ?? null)]
  yield* session.query(
    `DELETE FROM public.refunds r USING public.payments p
     WHERE p.id = r.payment_id AND p.order_id = ANY ($1::bigint[])`,
    orders
  )
  for (const table of ["payments", "order_items", "order_events"]) {
    yield* session.query(`DELETE FROM public.${table} WHERE order_id = ANY ($1::bigint[])`, orders)
  }
  yield* session.query(`DELETE FROM public.orders WHERE id = ANY ($1::bigint[])`, orders)
  yield* session.script(`DELETE FROM public.price_history WHERE upper(valid) < now() - interval '15 minutes'`)
})
