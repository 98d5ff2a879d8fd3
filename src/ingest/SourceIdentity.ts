import { Effect, type Redacted } from "effect"
import pg from "pg"
import { type Lsn, parseLsn } from "../domain/Lsn.ts"
import { clientConfig, type PgSession } from "../postgres/PgSession.ts"
import { PostgresError } from "../postgres/PostgresError.ts"
import { type SourceError, type SourceErrorReason, sourceError } from "./SourceError.ts"
import { applicationName } from "./SourceSession.ts"
import { parseTimelineHistory, type TimelineHistory } from "./TimelineHistory.ts"

/** What tells one history of a database from another. */
export interface SourceIdentity {
  readonly systemIdentifier: string
  readonly timeline: number
  readonly database: string
}

export interface SourceFacts extends SourceIdentity {
  /** E.g. 150018. */
  readonly serverVersion: number
  readonly role: string
  readonly isSuperuser: boolean
  /** Where the server's log ends now. */
  readonly currentLsn: Lsn
  /** Where the timelines that it comes from were left; empty for one that was never promoted. */
  readonly timelines: TimelineHistory
}

const noTimelines: TimelineHistory = new Map()

/** Asks by the replication protocol, on a connection of its own: it also shows whether we may replicate. */
const identifySystem = (url: Redacted.Redacted, name: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      // `replication` is a startup parameter that the driver passes on, but does not declare.
      const config = {
        ...clientConfig({ url, applicationName: name }),
        replication: "database"
      } as pg.ClientConfig
      const client = new pg.Client(config)
      client.on("error", () => undefined)
      return client
    }),
    (client) =>
      Effect.tryPromise({
        try: async () => {
          await client.connect()
          const { rows } = await client.query<Record<string, string | null>>("IDENTIFY_SYSTEM")
          const timeline = Number(rows[0]?.["timeline"])
          if (!(timeline > 1)) return { system: rows[0], timelines: noTimelines }
          const history = await client.query<{ readonly content: string }>(`TIMELINE_HISTORY ${timeline}`)
          return { system: rows[0], timelines: parseTimelineHistory(history.rows[0]?.content ?? "") }
        },
        catch: PostgresError.from
      }),
    (client) => Effect.tryPromise(() => client.end()).pipe(Effect.timeoutOption("2 seconds"), Effect.ignore)
  )

const factsQuery = `
  SELECT current_setting('server_version_num') AS version, current_setting('wal_level') AS wal_level,
    current_user AS role, pg_is_in_recovery() AS standby, pg_current_wal_lsn_or_null.lsn,
    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
    (SELECT rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user) AS replication
  FROM (SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() END AS lsn) AS pg_current_wal_lsn_or_null`

/** Whether this server can be captured from, and who it is. The checks come in the order in which people meet them. */
export const identifySource: (
  session: PgSession,
  options: { readonly url: Redacted.Redacted; readonly sourceId: string }
) => Effect.Effect<SourceFacts, SourceError> = Effect.fnUntraced(function* (session, options) {
  const fail = (reason: SourceErrorReason) => sourceError(options.sourceId, reason)
  const orFail = (error: PostgresError) => sourceError(options.sourceId, error)
  const [row] = yield* Effect.mapError(session.query(factsQuery), orFail)
  const serverVersion = Number(row?.["version"])
  const role = row?.["role"] ?? ""
  if (serverVersion < 130000) {
    return yield* fail({ _tag: "Unsupported", detail: `the server is PostgreSQL ${serverVersion / 10000}` })
  }
  if (row?.["standby"] === "t") {
    return yield* fail({
      _tag: "Unsupported",
      detail: "the server is a standby: publications cannot be made there"
    })
  }
  if (row?.["wal_level"] !== "logical") {
    return yield* fail({ _tag: "WalLevel", actual: row?.["wal_level"] ?? "unknown" })
  }
  const { system, timelines } = yield* identifySystem(
    options.url,
    applicationName(options.sourceId, "identify")
  ).pipe(
    Effect.mapError((error) =>
      (error.code === "42501" || error.code === "28000") && row["replication"] !== "t"
        ? fail({ _tag: "NoReplicationRight", role })
        : orFail(error)
    )
  )
  return {
    systemIdentifier: system?.["systemid"] ?? "",
    timeline: Number(system?.["timeline"]),
    database: system?.["dbname"] ?? "",
    serverVersion,
    role,
    isSuperuser: row["superuser"] === "t",
    currentLsn: parseLsn(row["lsn"] ?? "") ?? 0n,
    timelines
  }
})
