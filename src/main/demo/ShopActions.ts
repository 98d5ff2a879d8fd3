import { Effect, Random, Schema } from "effect"
import type { PgSession, Text } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { seededCustomers, seededProducts } from "./DemoSeed.ts"

/** The shop changed its mind in the middle of a transaction: everything so far is rolled back. */
export class Declined extends Schema.TaggedError<Declined>()("Declined", { reason: Schema.String }) {}

/** What happens inside one transaction. */
export type Action = (session: PgSession) => Effect.Effect<void, PostgresError | Declined>

/** One statement with parameters drawn anew each time. */
const statement =
  (sql: string, ...parameters: ReadonlyArray<Effect.Effect<Text | ReadonlyArray<Text>>>): Action =>
  (session) =>
    Effect.flatMap(Effect.all(parameters), (values) => session.query(sql, values))

const number = (min: number, max: number) => Effect.map(Random.nextIntBetween(min, max), String)
const customer = number(1, seededCustomers)
const product = number(1, seededProducts)
/** Into the first `among` rows, so that two workers seldom want the same. */
const offset = (among: number) => number(0, among - 1)

const orderItems = Effect.gen(function* () {
  const products = new Set<string>()
  for (let lines = yield* Random.nextIntBetween(1, 5); lines > 0; lines--) products.add(yield* product)
  const quantities = yield* Effect.forEach(products, () => number(1, 4))
  return { products: [...products], quantities }
})

/** Order, items, stock, payment, events. One in twelve is declined after all the work is done. */
export const placeOrder: Action = Effect.fnUntraced(function* (session) {
  const { products, quantities } = yield* orderItems
  const [order] = yield* session.query(
    `INSERT INTO public.orders (customer_id, ship_to)
     VALUES ($1, jsonb_build_object('city', 'Town ' || $2::text, 'street', 'Street ' || $3::text))
     RETURNING id`,
    [yield* customer, yield* number(0, 50), yield* number(0, 90)]
  )
  const id = order?.["id"] ?? null
  yield* session.query(
    `INSERT INTO public.order_items (order_id, line, product_id, quantity, unit_price)
     SELECT $1, i.line, p.id, i.quantity, p.price
     FROM unnest($2::int[], $3::int[]) WITH ORDINALITY i(product_id, quantity, line)
     JOIN public.products p ON p.id = i.product_id`,
    [id, products, quantities]
  )
  // In key order, so that two orders of the same products wait for each other instead of deadlocking.
  const taken = yield* session.query(
    `WITH wanted AS MATERIALIZED (
       SELECT s.product_id, i.quantity FROM public.stock s
       JOIN public.order_items i ON i.product_id = s.product_id AND i.order_id = $1
       WHERE s.warehouse = 'north' ORDER BY s.product_id FOR UPDATE OF s)
     UPDATE public.stock s SET on_hand = s.on_hand - w.quantity
     FROM wanted w WHERE s.product_id = w.product_id AND s.warehouse = 'north' AND s.on_hand >= w.quantity
     RETURNING s.product_id`,
    [id]
  )
  if (taken.length < products.length) return yield* new Declined({ reason: "out of stock" })
  yield* session.query(
    `UPDATE public.orders SET status = 'paid',
       total = (SELECT sum(amount) FROM public.order_items WHERE order_id = $1) WHERE id = $1`,
    [id]
  )
  yield* session.query(
    `INSERT INTO public.payments (order_id, method, amount)
     SELECT id, (ARRAY['card','transfer','voucher']::public.payment_method[])[$2::int], total
     FROM public.orders WHERE id = $1`,
    [id, yield* number(1, 3)]
  )
  yield* session.query(
    `INSERT INTO public.order_events (order_id, kind, detail)
     VALUES ($1, 'placed', NULL), ($1, 'paid', jsonb_build_object('lines', $2::int))`,
    [id, String(products.length)]
  )
  if ((yield* Random.nextIntBetween(1, 12)) === 1) return yield* new Declined({ reason: "payment declined" })
})

const moveOrder = (from: string, to: string, set: string): Action =>
  statement(
    `WITH moved AS (
       UPDATE public.orders SET status = '${to}'${set} WHERE id = (
         SELECT id FROM public.orders WHERE status = '${from}' ORDER BY placed_at, id
         OFFSET $1::int LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id)
     INSERT INTO public.order_events (order_id, kind) SELECT id, '${to}' FROM moved`,
    offset(20)
  )

export const shipOrder = moveOrder("paid", "shipped", ", shipped_at = now()")
export const deliverOrder = moveOrder("shipped", "delivered", "")

/** Refund of a delivered order, with the goods put back into stock. */
export const refundOrder: Action = Effect.fnUntraced(function* (session) {
  const [order] = yield* session.query(
    `UPDATE public.orders SET status = 'refunded' WHERE id = (
       SELECT id FROM public.orders WHERE status = 'delivered' ORDER BY id DESC
       OFFSET $1::int LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [yield* offset(50)]
  )
  if (order === undefined) return
  const id = order["id"] ?? null
  yield* session.query(
    `INSERT INTO public.refunds (payment_id, amount, reason)
     SELECT id, amount, 'returned' FROM public.payments WHERE order_id = $1`,
    [id]
  )
  yield* session.query(
    `WITH back AS MATERIALIZED (
       SELECT s.product_id, i.quantity FROM public.stock s
       JOIN public.order_items i ON i.product_id = s.product_id AND i.order_id = $1
       WHERE s.warehouse = 'south' ORDER BY s.product_id FOR UPDATE OF s)
     UPDATE public.stock s SET on_hand = s.on_hand + b.quantity, counted_at = now()
     FROM back b WHERE s.product_id = b.product_id AND s.warehouse = 'south'`,
    [id]
  )
  yield* session.query(`INSERT INTO public.order_events (order_id, kind) VALUES ($1, 'refunded')`, [id])
})

/** A new price, the old one closed in a table that has no key. */
export const changePrice: Action = Effect.fnUntraced(function* (session) {
  const id = yield* product
  const [changed] = yield* session.query(
    `UPDATE public.products SET price = greatest(0.99, round(price * (100 + $2::int) / 100, 2))
     WHERE id = $1 RETURNING price`,
    [id, yield* number(-9, 10)]
  )
  yield* session.query(
    `UPDATE public.price_history SET valid = tstzrange(lower(valid), now())
     WHERE product_id = $1 AND upper_inf(valid)`,
    [id]
  )
  yield* session.query(
    `INSERT INTO public.price_history (product_id, price, valid, reason)
     VALUES ($1, $2, tstzrange(now(), NULL), NULL)`,
    [id, changed?.["price"] ?? null]
  )
})

/** Fills up what is lowest. */
export const restock: Action = statement(
  `UPDATE public.stock SET on_hand = on_hand + 250, counted_at = now()
   WHERE (product_id, warehouse) IN (
     SELECT product_id, warehouse FROM public.stock WHERE warehouse = 'north'
     ORDER BY on_hand, product_id LIMIT 10 FOR UPDATE SKIP LOCKED)`
)

/** Leaves the large profile alone: its value does not travel. */
export const visit: Action = statement(
  `UPDATE public.customers SET visits = visits + 1, last_seen_at = now() WHERE id = $1`,
  customer
)

export const editProfile: Action = statement(
  `UPDATE public.customers SET profile = jsonb_set(profile, '{theme}', to_jsonb(md5($2))) WHERE id = $1`,
  customer,
  number(1, 1_000_000)
)

export const fillCart: Action = statement(
  `INSERT INTO public.carts (customer_id, items)
   VALUES ($1, jsonb_build_array(jsonb_build_object('product', $2::int, 'quantity', $3::int)))`,
  customer,
  product,
  number(1, 3)
)

export const dropCarts: Action = statement(
  `DELETE FROM public.carts WHERE id IN (
     SELECT id FROM public.carts ORDER BY updated_at LIMIT 5 FOR UPDATE SKIP LOCKED)`
)
