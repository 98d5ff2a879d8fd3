import { Effect, Redacted, Schedule } from "effect"
import { parse } from "pg-connection-string"
import type { EmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { type Backlog, copySlot, dropSlot, lastRow, publication, session } from "./Backlog.ts"

/** The backlog's table, as a target has it. */
export const ordersTable = `CREATE TABLE public.orders (
  id bigint PRIMARY KEY, customer text, attributes jsonb, amount numeric(12,2),
  created_at timestamptz, paid boolean, items int, token uuid)`

/** An empty copy of the backlog's table, in a database of its own. */
export const makeTarget = Effect.fnUntraced(function* (server: EmbeddedPostgres, database: string) {
  const admin = yield* session(server, "postgres")
  yield* admin.script(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  yield* admin.script(`CREATE DATABASE ${database}`)
  const target = yield* session(server, database)
  yield* target.script(ordersTable)
})

/** A digest of the table's rows: equal digests, equal tables. */
export const digest = Effect.fnUntraced(function* (server: EmbeddedPostgres, database: string) {
  const reader = yield* session(server, database)
  const [row] = yield* reader.query(
    "SELECT count(*)::text || ':' || coalesce(sum(hashtextextended(o::text, 0)), 0)::text AS digest FROM public.orders o"
  )
  return row?.["digest"] ?? ""
}, Effect.scoped)

/** PostgreSQL's own logical replication from a slot that is there, between databases of one server, until the scope ends. */
export const subscribe = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  source: string,
  target: string,
  slot: string,
  synchronousCommit: "on" | "off"
) {
  const publisher = yield* session(server, source)
  const subscriber = yield* session(server, target)
  const { host, port, user, password } = parse(Redacted.value(server.url(source)))
  const address = `host=${host} port=${port} user=${user} password=${password} dbname=${source}`
  yield* Effect.acquireRelease(
    subscriber.script(
      `CREATE SUBSCRIPTION ${target} CONNECTION '${address}' PUBLICATION ${publication} ` +
        `WITH (create_slot = false, copy_data = false, slot_name = '${slot}', synchronous_commit = ${synchronousCommit}, streaming = off)`
    ),
    () =>
      Effect.gen(function* () {
        yield* subscriber.script(`ALTER SUBSCRIPTION ${target} DISABLE`)
        yield* subscriber.script(`ALTER SUBSCRIPTION ${target} SET (slot_name = NONE)`)
        yield* subscriber.script(`DROP SUBSCRIPTION ${target}`)
        yield* dropSlot(publisher, slot)
      }).pipe(Effect.orDie)
  )
})

/** Seconds that it takes to apply the backlog to an empty target. */
export const runNativeReplication = Effect.fnUntraced(function* (
  server: EmbeddedPostgres,
  source: string,
  target: string,
  backlog: Backlog,
  synchronousCommit: "on" | "off"
) {
  yield* makeTarget(server, target)
  const publisher = yield* session(server, source)
  const subscriber = yield* session(server, target)
  const slot = `native_${target}`
  yield* copySlot(publisher, backlog, slot)
  const started = performance.now()
  yield* subscribe(server, source, target, slot, synchronousCommit)
  yield* subscriber
    .query(`SELECT 1 FROM public.orders WHERE id = ${lastRow}`)
    .pipe(
      Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("10 minutes")
    )
  return (performance.now() - started) / 1000
}, Effect.scoped)
