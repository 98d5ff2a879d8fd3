import { Effect, Redacted } from "effect"
import { parse } from "pg-connection-string"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"

/** What tells one database from another, however it is reached. */
export interface DatabaseIdentity {
  readonly systemIdentifier: string
  readonly database: string
  /** Tells a server from a copy of its files that runs elsewhere; null where it is not known. */
  readonly startedAt: string | null
}

const readIdentity = (session: PgSession): Effect.Effect<DatabaseIdentity, PostgresError> =>
  Effect.map(
    session.query(
      `SELECT system_identifier::text AS system, current_database() AS database,
pg_postmaster_start_time()::text AS started FROM pg_control_system()`
    ),
    ([row]) => ({
      systemIdentifier: row?.["system"] ?? "",
      database: row?.["database"] ?? "",
      startedAt: row?.["started"] ?? null
    })
  )

const isSame = (a: DatabaseIdentity, b: DatabaseIdentity): boolean =>
  a.systemIdentifier === b.systemIdentifier &&
  a.database === b.database &&
  (a.startedAt === null || b.startedAt === null || a.startedAt === b.startedAt)

const address = (url: Redacted.Redacted): string => {
  const { host, port, database } = parse(Redacted.value(url))
  return [
    host ?? "localhost",
    port === null || port === undefined || port === "" ? "5432" : port,
    database
  ].join()
}

/** The source, as far as it is known where targets are opened. */
export type SourceReference = { readonly url: Redacted.Redacted } | DatabaseIdentity

/**
 * Whether a target is the source. A source that does not answer, and a server that keeps its identity to itself, are
 * told by their address: replaying needs neither.
 */
export const isSource = (
  source: SourceReference,
  url: Redacted.Redacted,
  target: PgSession
): Effect.Effect<boolean> => {
  if (!("url" in source)) {
    return readIdentity(target).pipe(
      Effect.map((identity) => isSame(source, identity)),
      Effect.orElseSucceed(() => false)
    )
  }
  const asked = Effect.scoped(
    Effect.flatMap(
      connectPg({ url: source.url, applicationName: "walstream target check", connectTimeout: 3000 }),
      readIdentity
    )
  )
  return Effect.zipWith(asked, readIdentity(target), isSame).pipe(
    Effect.orElseSucceed(() => address(source.url) === address(url))
  )
}
