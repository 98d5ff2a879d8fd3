import { Effect, type Redacted } from "effect"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { type BurstFailed, type Done, PreparedStatements, type Statement, sendBurst } from "./Burst.ts"
import { type ReplicationOrigin, takeOrigin } from "./ReplicationOrigin.ts"

export interface TargetTimeouts {
  /** Milliseconds to wait for a lock; then the batch is tried again. */
  readonly lock: number
  /** Milliseconds for one statement; 0 for no bound. */
  readonly statement: number
  /** Milliseconds that an interrupted batch may take to end before its connection is cut. */
  readonly stop: number
}

export const defaultTimeouts: TargetTimeouts = { lock: 5000, statement: 0, stop: 150 }

/** A connection prepared for applying. */
export interface TargetConnection {
  readonly session: PgSession
  /** Which triggers fire: with `replica` only those that are enabled for it, and no foreign keys. */
  readonly mode: "replica" | "origin"
  /** The replication origin under which it applies; null where that is not allowed. */
  readonly origin: ReplicationOrigin | null
  /** Statements in one round trip. Interrupting it cancels what the server is doing. */
  readonly send: (statements: ReadonlyArray<Statement>) => Effect.Effect<ReadonlyArray<Done>, BurstFailed>
  /** What opens a transaction. */
  readonly begin: ReadonlyArray<Statement>
  /** What says of the open transaction which one of the source it applies; null for one of our own. */
  readonly stamp: ReplicationOrigin["stamp"]
  readonly isAlive: () => boolean
  /** Takes back what a transaction has done so far, whatever state it is in; cuts the connection if that takes too long. */
  readonly rollback: Effect.Effect<void>
}

/**
 * Statements are planned once, maybe while the table is still empty, and run for ever: rows must be found by index
 * all the same. (Seen: a plan made on the empty table read all of it for every batch.)
 */
const planSettings = [
  "SET plan_cache_mode = force_generic_plan",
  "SET enable_seqscan = off",
  "SET enable_hashjoin = off",
  "SET enable_mergejoin = off",
  "SET jit = off"
].join("; ")

export const deferConstraints = "SET CONSTRAINTS ALL DEFERRED"

/**
 * The source's transaction may have deferred its constraints. As a replica nothing is deferred: foreign keys and
 * deferrable unique keys are not checked at all.
 */
const beginning = (mode: TargetConnection["mode"]): ReadonlyArray<Statement> => {
  const begin: Statement = { sql: "BEGIN", parameters: [] }
  return mode === "replica" ? [begin] : [begin, { sql: deferConstraints, parameters: [] }]
}

/** A setting that the server may refuse. */
const attempt = (session: PgSession, sql: string): Effect.Effect<boolean> =>
  session.script(sql).pipe(
    Effect.as(true),
    Effect.orElseSucceed(() => false)
  )

/** Makes a fresh session one for applying. */
export const prepareConnection: (
  session: PgSession,
  options: { readonly url: Redacted.Redacted; readonly source: string; readonly timeouts: TargetTimeouts }
) => Effect.Effect<TargetConnection, PostgresError> = Effect.fnUntraced(function* (
  session,
  { url, source, timeouts }
) {
  const { client } = session
  // What a frozen process leaves open must end by itself, or nobody could take its job over.
  yield* session.script(
    `${planSettings}; SET row_security = off; SET lock_timeout = ${timeouts.lock};
SET statement_timeout = ${timeouts.statement}; SET idle_in_transaction_session_timeout = 10000`
  )
  yield* attempt(session, "SET client_connection_check_interval = 1000")
  const mode = (yield* attempt(session, "SET session_replication_role = replica")) ? "replica" : "origin"
  const origin = yield* takeOrigin(session, source)
  const [backend] = yield* session.query("SELECT pg_backend_pid()::text AS pid")
  const pid = backend?.["pid"] ?? "0"

  const cancel = Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "walstream cancel" }), (other) =>
      other.query("SELECT pg_cancel_backend($1::int)", [pid])
    )
  )
  let alive = true
  client.on("end", () => {
    alive = false
  })
  const cut = Effect.sync(() => {
    alive = false
    client.connection.stream.destroy()
  })
  const stop = (ended: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.andThen(Effect.ignore(cancel), ended).pipe(
      Effect.interruptible,
      Effect.timeoutOrElse({
        duration: timeouts.stop,
        orElse: () => cut
      })
    )
  const prepared = new PreparedStatements()
  const send = (statements: ReadonlyArray<Statement>) => sendBurst(client, prepared, statements, stop)
  return {
    session,
    mode,
    begin: beginning(mode),
    origin,
    stamp: origin?.stamp ?? (() => []),
    send,
    isAlive: () => alive,
    rollback: Effect.suspend(() =>
      alive
        ? send([{ sql: "ROLLBACK", parameters: [] }]).pipe(
            Effect.interruptible,
            Effect.timeout(timeouts.stop),
            Effect.catch(() => cut),
            Effect.asVoid
          )
        : Effect.void
    )
  }
})
