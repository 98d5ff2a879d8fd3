import { PgClient } from "@effect/sql-pg"
import { Duration, type Redacted } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { PostgresError } from "../postgres/PostgresError.ts"

export interface ControlDatabaseOptions {
  readonly url: Redacted.Redacted
  readonly applicationName: string
  /** 10 if not given. */
  readonly maxConnections?: number
}

/** The pool of the control database: `PgClient` and `SqlClient`. */
export const controlDatabase = (options: ControlDatabaseOptions) =>
  PgClient.layer({
    url: options.url,
    applicationName: options.applicationName,
    maxConnections: options.maxConnections ?? 10,
    keepAlive: Duration.seconds(10),
    startupParameters: { statement_timeout: "30000", timezone: "UTC" }
  })

/** What the server said, and whether trying again may help. The driver's own message says only "Query failed". */
export const explainSqlError = (
  error: SqlError
): { readonly detail: string; readonly isRetryable: boolean } => {
  const cause = PostgresError.from(error.reason.cause)
  return { detail: cause.message, isRetryable: error.isRetryable || (cause.code !== "" && cause.isRetryable) }
}
