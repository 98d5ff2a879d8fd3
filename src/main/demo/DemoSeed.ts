import type { Effect } from "effect"
import type { PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"

/** How many customers and products the seed makes; their ids are 1 to this. */
export const seededCustomers = 1000
export const seededProducts = 400

/** Set-based and without random(): the same shop each time, but for the clock. */
const statements: ReadonlyArray<string> = [
  `INSERT INTO public.customers (email, name, interests, profile, created_at)
   SELECT 'customer' || i || '@shop.example', 'Customer ' || i,
          (ARRAY['books','garden','music','sport','kitchen'])[1 + i % 3 : 1 + i % 5],
          CASE WHEN i % 3 = 0
            THEN jsonb_build_object('theme', 'light', 'history',
                   (SELECT jsonb_agg(md5(i || '/' || h)) FROM generate_series(1, 100) h))
            ELSE jsonb_build_object('theme', 'dark') END,
          now() - i * interval '1 hour'
   FROM generate_series(1, ${seededCustomers}) i`,
  `INSERT INTO public.products (sku, name, price, vat_rate, attributes, tags)
   SELECT 'SKU-' || lpad(i::text, 5, '0'), 'Product ' || i,
          ((i * 7919) % 20000 + 199) / 100.0,
          CASE WHEN i % 4 = 0 THEN 0.070 ELSE 0.190 END,
          jsonb_build_object('weight_g', (i * 31) % 5000, 'colour', (ARRAY['red','green','blue'])[1 + i % 3]),
          CASE WHEN i % 5 = 0 THEN '{}' ELSE ARRAY['line-' || i % 7, 'season-' || i % 4] END
   FROM generate_series(1, ${seededProducts}) i`,
  `INSERT INTO public.stock (product_id, warehouse, on_hand)
   SELECT i, w, 200 + (i * 37) % 300
   FROM generate_series(1, ${seededProducts}) i, unnest(ARRAY['north','south']) w`,
  `INSERT INTO public.orders (customer_id, status, ship_to, placed_at, shipped_at)
   SELECT 1 + (i * 613) % ${seededCustomers},
          (ARRAY['paid','shipped','delivered']::public.order_status[])[1 + i % 3],
          jsonb_build_object('city', 'Town ' || i % 50, 'street', 'Street ' || i % 90, 'zip', 10000 + i),
          now() - (2000 - i) * interval '5 minutes',
          CASE WHEN i % 3 = 0 THEN NULL ELSE now() - (1990 - i) * interval '5 minutes' END
   FROM generate_series(1, 2000) i`,
  `INSERT INTO public.order_items (order_id, line, product_id, quantity, unit_price)
   SELECT o.id, l, p.id, 1 + (o.id * l) % 4, p.price
   FROM public.orders o
   CROSS JOIN LATERAL generate_series(1, 1 + (o.id % 4)::int) l
   JOIN public.products p ON p.id = 1 + (o.id * 17 + l * 101) % ${seededProducts}`,
  `UPDATE public.orders o SET total = t.total
   FROM (SELECT order_id, sum(amount) AS total FROM public.order_items GROUP BY order_id) t
   WHERE t.order_id = o.id`,
  `INSERT INTO public.payments (id, order_id, method, amount, captured_at)
   SELECT md5('payment ' || id)::uuid, id,
          (ARRAY['card','transfer','voucher']::public.payment_method[])[1 + id % 3], total, placed_at
   FROM public.orders`,
  `INSERT INTO public.refunds (payment_id, amount, reason, refunded_at)
   SELECT md5('payment ' || id)::uuid, round(total / 2, 2), CASE WHEN id % 2 = 0 THEN 'damaged' END, placed_at
   FROM public.orders WHERE id % 20 = 0`,
  `INSERT INTO public.price_history (product_id, price, valid, reason)
   SELECT id, price, tstzrange(now() - interval '30 days', NULL), 'list price' FROM public.products`,
  `INSERT INTO public.order_events (order_id, id, kind, detail, at)
   SELECT o.id, md5(kind || o.id)::uuid, kind, CASE WHEN kind = 'placed' THEN o.ship_to END, o.placed_at
   FROM public.orders o, unnest(ARRAY['placed','paid']) kind`,
  `INSERT INTO public.carts (id, customer_id, items, updated_at)
   SELECT md5('cart ' || i)::uuid, 1 + (i * 3) % ${seededCustomers},
          jsonb_build_array(jsonb_build_object('product', 1 + i % ${seededProducts}, 'quantity', 1 + i % 3)),
          now() - i * interval '1 minute'
   FROM generate_series(1, 200) i`
]

/** Fills an empty shop: about 17,000 rows, well under a second. Run it in the schema's own transaction. */
export const seedDemo = (session: PgSession): Effect.Effect<void, PostgresError> =>
  session.script(statements.join(";\n"))
