import { Effect, type Redacted, type Scope } from "effect"
import { connectPg, type PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"

export interface SourceAddress {
  readonly url: Redacted.Redacted
  readonly sourceId: string
}

/** What shows in pg_stat_activity, so that people see who holds a slot. */
export const applicationName = (sourceId: string, purpose: string): string =>
  `walstream:${sourceId}:${purpose}`

/**
 * Undoes time-outs and read-only defaults that a role or database may have: a slot is created when the transactions
 * that run have ended, however long that takes. Settings that a version does not know are left alone. A walsender
 * time-out below ten seconds would end the connection at the first long pause of a busy process.
 */
export const calmScript = `
  SELECT set_config(name, CASE vartype WHEN 'bool' THEN 'off' ELSE '0' END, false) FROM pg_catalog.pg_settings
  WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
    'transaction_timeout', 'default_transaction_read_only', 'default_transaction_deferrable')
  UNION ALL SELECT set_config(name, '60s', false) FROM pg_catalog.pg_settings
  WHERE name = 'wal_sender_timeout' AND setting::bigint BETWEEN 1 AND 9999`

/** A session to the source with pinned formats and without anybody's time-outs. */
export const connectSource: (
  address: SourceAddress,
  purpose: string
) => Effect.Effect<PgSession, PostgresError, Scope.Scope> = Effect.fnUntraced(function* (address, purpose) {
  const session = yield* connectPg({
    url: address.url,
    applicationName: applicationName(address.sourceId, purpose)
  })
  yield* session.script(calmScript)
  return session
})
