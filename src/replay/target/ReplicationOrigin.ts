import { Effect } from "effect"
import { formatLsn } from "../../domain/Lsn.ts"
import { formatMicros } from "../../domain/Micros.ts"
import type { Commit } from "../../domain/Transaction.ts"
import type { PgSession } from "../../postgres/PgSession.ts"
import type { Statement } from "./Burst.ts"

/** The replication origin that a session applies under: what tells a replayed transaction from the target's own. */
export interface ReplicationOrigin {
  readonly name: string
  /**
   * What the open transaction is to be known as: end LSN and commit time of what it applies; null for one of our own.
   * Must be said in each that writes. PostgreSQL keeps what was said last for all that follow, and, when nothing ever
   * was, the time of the session's first commit.
   */
  readonly stamp: (commit: Commit | null) => ReadonlyArray<Statement>
}

const own: Statement = {
  sql: "SELECT pg_replication_origin_xact_setup('0/0', clock_timestamp())",
  parameters: [],
  keep: true
}

const reset: Statement = { sql: "SELECT pg_replication_origin_xact_reset()", parameters: [], keep: true }

const stampAs = (commit: Commit | null): ReadonlyArray<Statement> =>
  commit === null
    ? [own]
    : [
        {
          sql: "SELECT pg_replication_origin_xact_setup($1::pg_lsn, $2::timestamptz)",
          parameters: [formatLsn(commit.endLsn), formatMicros(commit.commitTime)],
          keep: true
        }
      ]

const rightsSql = `SELECT
has_function_privilege('pg_replication_origin_xact_setup(pg_lsn, timestamptz)', 'EXECUTE')::text AS stamp,
has_function_privilege('pg_replication_origin_xact_reset()', 'EXECUTE')::text AS reset`

/**
 * Takes an origin for the session; null where the role may not, and where it may neither say nor take back a time:
 * then all of the session's transactions would claim to be as old as its first. An origin is one session's at a time,
 * so other jobs of the same source take the next name.
 */
export const takeOrigin: (session: PgSession, source: string) => Effect.Effect<ReplicationOrigin | null> =
  Effect.fnUntraced(function* (session, source) {
    const [rights] = yield* session.query(rightsSql).pipe(Effect.orElseSucceed(() => []))
    const isAllowed = (right: string) => rights?.[right] === "true"
    if (!isAllowed("stamp") && !isAllowed("reset")) return null
    const stamp = isAllowed("stamp") ? stampAs : () => [reset]
    for (const suffix of ["", "_2", "_3", "_4"]) {
      const name = `walstream_${source}${suffix}`
      yield* session
        .query(
          `SELECT pg_replication_origin_create($1)::text WHERE NOT EXISTS (
SELECT FROM pg_replication_origin WHERE roname = $1)`,
          [name]
        )
        .pipe(Effect.ignore)
      const taken = yield* session.query("SELECT pg_replication_origin_session_setup($1)::text", [name]).pipe(
        Effect.as("yes" as const),
        Effect.catch((error) => Effect.succeed(error.code === "55006" ? ("busy" as const) : ("no" as const)))
      )
      if (taken === "yes") return { name, stamp }
      if (taken === "no") return null
    }
    return null
  })
