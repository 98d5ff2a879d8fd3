import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect, Redacted, Schedule } from "effect"
import { type EmbeddedPostgres, makeEmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { connectPg, type PgSession } from "../src/postgres/PgSession.ts"

/** Where Debian's packages put PostgreSQL 15, whose `pg_recvlogical` is the anchor. */
export const binaries = "/usr/lib/postgresql/15/bin"

export const publication = "walstream_publication"

/** A folder of its own, gone with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-bench-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const makeBenchServer = (settings: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const directory = yield* temporaryFolder
    return yield* makeEmbeddedPostgres({
      directory,
      binaries,
      settings: {
        shared_buffers: "512MB",
        max_wal_size: "8GB",
        checkpoint_timeout: "1h",
        autovacuum: "off",
        max_replication_slots: "50",
        max_wal_senders: "20",
        // The launcher starts at most one apply worker in this time: it would be counted as the anchor's.
        wal_retrieve_retry_interval: "50ms",
        ...settings
      }
    })
  })

export const session = (server: EmbeddedPostgres, database: string) =>
  connectPg({ url: server.url(database), applicationName: "walstream-bench" })

/** An 8-column table as an application would have it, and a procedure that changes it 70/25/5 I/U/D. */
const schema = `
CREATE TABLE public.orders (
  id bigserial PRIMARY KEY, customer text, attributes jsonb, amount numeric(12,2),
  created_at timestamptz, paid boolean, items int, token uuid);
CREATE PROCEDURE public.work(changes int, per_transaction int) LANGUAGE plpgsql AS $$
DECLARE top bigint := 0; in_transaction int := 0; dice int;
BEGIN
  FOR i IN 1..changes LOOP
    dice := i % 20;
    IF dice < 14 OR top < 100 THEN
      INSERT INTO public.orders (customer, attributes, amount, created_at, paid, items, token)
      VALUES (md5(i::text) || 'customer', jsonb_build_object('channel', 'web', 'campaign', md5((i/7)::text), 'note', repeat('n', 40), 'rank', i),
        (i % 100000) / 100.0, '2026-01-01'::timestamptz + i * interval '1 second', i % 2 = 0, i % 9, md5(i::text)::uuid)
      RETURNING id INTO top;
    ELSIF dice < 19 THEN
      UPDATE public.orders SET amount = amount + 1, paid = NOT paid WHERE id = top - (i * 37) % 90;
    ELSE
      DELETE FROM public.orders WHERE id = top - 95;
    END IF;
    in_transaction := in_transaction + 1;
    IF in_transaction >= per_transaction THEN COMMIT; in_transaction := 0; END IF;
  END LOOP;
  COMMIT;
END $$;
CREATE PUBLICATION ${publication} FOR TABLE public.orders;`

/** The key of the row that the backlog's last transaction inserts: whoever has it has all. */
export const lastRow = -1

export interface Backlog {
  /** Changes that the slot has waiting. */
  readonly changes: number
  readonly perTransaction: number
  /** The slot at the backlog's start; copied for each run. */
  readonly slot: string
  /** Everything of the backlog lies before it. */
  readonly end: string
}

/** Leaves `changes` changes waiting in a new slot of a new database. */
export const makeBacklog = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  database: string,
  changes: number,
  perTransaction: number
) {
  const admin = yield* session(server, "postgres")
  yield* admin.script(`CREATE DATABASE ${database}`)
  const source = yield* session(server, database)
  yield* source.script(schema)
  const slot = `base_${database}`
  yield* source.query("SELECT slot_name FROM pg_create_logical_replication_slot($1, 'pgoutput')", [slot])
  yield* source.script("SET synchronous_commit = off")
  yield* source.script(`CALL public.work(${changes}, ${perTransaction})`)
  yield* source.script(`INSERT INTO public.orders (id) VALUES (${lastRow})`)
  yield* source.script("CHECKPOINT")
  const [row] = yield* source.query(
    "SELECT pg_current_wal_flush_lsn()::text AS lsn, count(*)::text AS n FROM public.orders"
  )
  const made: Backlog = { changes, perTransaction, slot, end: row?.["lsn"] ?? "" }
  return made
})

/** A slot that stands where the backlog begins. */
export const copySlot = (source: PgSession, backlog: Backlog, name: string) =>
  source.query("SELECT slot_name FROM pg_copy_logical_replication_slot($1, $2)", [backlog.slot, name])

export const dropSlot = (source: PgSession, name: string) =>
  source
    .query(
      "SELECT pg_drop_replication_slot(slot_name)::text FROM pg_replication_slots WHERE slot_name = $1",
      [name]
    )
    .pipe(Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 100 }))

/** Seconds that PostgreSQL's own client takes to read the backlog and throw it away. */
export const runRecvlogical = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  database: string,
  backlog: Backlog
) {
  const source = yield* session(server, database)
  const slot = `recv_${database}`
  yield* copySlot(source, backlog, slot)
  const started = performance.now()
  yield* Effect.promise(() =>
    promisify(execFile)(join(binaries, "pg_recvlogical"), [
      "-d",
      Redacted.value(server.url(database)),
      "-S",
      slot,
      "--start",
      "-f",
      "/dev/null",
      `--endpos=${backlog.end}`,
      "-o",
      "proto_version=1",
      "-o",
      `publication_names=${publication}`
    ])
  )
  const seconds = (performance.now() - started) / 1000
  yield* dropSlot(source, slot)
  return seconds
})
