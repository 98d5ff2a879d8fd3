import { Effect } from "effect"
import type { EmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { session } from "./Backlog.ts"

/**
 * Inserts at a steady pace, inside the server: no client takes CPU from what is measured. Behind its pace it does not
 * wait, so the rate holds on average.
 */
export const steadyProcedure = `
CREATE PROCEDURE public.steady(first bigint, step int, transactions int, per_second float) LANGUAGE plpgsql AS $$
DECLARE start timestamptz := clock_timestamp(); ahead float;
BEGIN
  FOR i IN 0..transactions - 1 LOOP
    INSERT INTO public.orders (id, customer, attributes, amount, created_at, paid, items, token)
    VALUES (first + i::bigint * step, md5(i::text) || 'customer', jsonb_build_object('channel', 'web', 'rank', i),
      (i % 100000) / 100.0, clock_timestamp(), i % 2 = 0, i % 9, md5(i::text)::uuid);
    COMMIT;
    ahead := (i + 1) / per_second - extract(epoch FROM clock_timestamp() - start);
    IF ahead > 0 THEN PERFORM pg_sleep(ahead); END IF;
  END LOOP;
END $$;`

/** As many sessions share the load: one could not commit so often where a disk must be waited for. */
const sessions = 4

/** Commits `count` transactions of one row each, `perSecond` of them a second; ids follow `after`. */
export const steadyLoad = (
  server: EmbeddedPostgres,
  database: string,
  load: { readonly after: number; readonly count: number; readonly perSecond: number }
) =>
  Effect.forEach(
    Array.from({ length: sessions }, (_, i) => i + 1),
    (first) =>
      Effect.scoped(
        Effect.flatMap(session(server, database), (client) =>
          client.script(
            `CALL public.steady(${load.after + first}, ${sessions}, ${load.count / sessions}, ${load.perSecond / sessions})`
          )
        )
      ),
    { concurrency: "unbounded", discard: true }
  )
