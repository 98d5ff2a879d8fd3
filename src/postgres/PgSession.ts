import { Effect, Redacted, type Scope } from "effect"
import pg from "pg"
import { parse } from "pg-connection-string"
import { PostgresError } from "./PostgresError.ts"

/** PostgreSQL text in and out: what a driver would make of it is not ours to lose. */
export type Text = string | null
export type TextRow = Readonly<Record<string, Text>>

export interface PgSession {
  /** Rows as text by column name. Parameters are text, arrays of text (for `$1::text[]`), or null. */
  readonly query: (
    sql: string,
    parameters?: ReadonlyArray<Text | ReadonlyArray<Text>>
  ) => Effect.Effect<ReadonlyArray<TextRow>, PostgresError>
  /** Several statements without parameters in one round trip. */
  readonly script: (sql: string) => Effect.Effect<void, PostgresError>
  /** The driver itself, for pipelining and COPY. */
  readonly client: pg.Client
}

export interface PgSessionOptions {
  readonly url: Redacted.Redacted
  readonly applicationName: string
  /** Milliseconds to wait for the connection; 10,000 if not given. */
  readonly connectTimeout?: number
}

/**
 * The formats under which values are captured and applied, whatever a database's or a role's defaults are:
 * the same text means the same value on both sides.
 */
export const pinnedSettings: Readonly<Record<string, string>> = {
  client_encoding: "UTF8",
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  extra_float_digits: "3",
  bytea_output: "hex",
  TimeZone: "UTC",
  lc_monetary: "C",
  search_path: "",
  standard_conforming_strings: "on",
  xmloption: "content",
  array_nulls: "on",
  quote_all_identifiers: "off"
}

/** As one script. `search_path` needs quotes: an empty one means that every name is qualified. */
export const pinScript: string = Object.entries(pinnedSettings)
  .map(([name, value]) => `SET ${name} = '${value}'`)
  .join("; ")

const text = (value: string): string => value

/** What the driver needs of a URL; the driver's own parser, so that `sslmode` and the like mean what people expect. */
export const clientConfig = (options: PgSessionOptions): pg.ClientConfig => {
  const { host, port, user, password, database, ssl } = parse(Redacted.value(options.url))
  return {
    ...(host === null ? {} : { host }),
    ...(port === null || port === undefined || port === "" ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === null || database === undefined ? {} : { database }),
    // `parse` types it loosely: true, false or node's TLS options, which is what the driver takes.
    ...(ssl === undefined ? {} : { ssl: ssl as pg.ClientConfig["ssl"] & {} }),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    keepAlive: true,
    types: { getTypeParser: () => text }
  }
}

/** A connection of its own, with pinned formats, closed with the scope. */
export const connectPg: (options: PgSessionOptions) => Effect.Effect<PgSession, PostgresError, Scope.Scope> =
  Effect.fnUntraced(function* (options) {
    const client = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: async () => {
          const client = new pg.Client(clientConfig(options))
          // Errors of an idle connection come as events; the next query reports them.
          client.on("error", () => undefined)
          await client.connect()
          return client
        },
        catch: PostgresError.from
      }),
      (client) => Effect.ignore(Effect.tryPromise(() => client.end())).pipe(Effect.timeoutOption("2 seconds"))
    )
    const run = (config: { readonly text: string; readonly values?: Array<unknown> }) =>
      Effect.tryPromise({
        try: () => client.query<Record<string, Text>>(config),
        catch: PostgresError.from
      })
    const session: PgSession = {
      query: (sql, parameters) =>
        Effect.map(
          run(parameters === undefined ? { text: sql } : { text: sql, values: [...parameters] }),
          (result) => result.rows
        ),
      script: (sql) => Effect.asVoid(run({ text: sql })),
      client
    }
    yield* session.script(pinScript)
    return session
  })

/** Runs in one transaction; rolled back when it fails or is interrupted. */
export const inTransaction = <A, E, R>(
  session: PgSession,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | PostgresError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.andThen(
      session.script("BEGIN"),
      restore(effect).pipe(
        Effect.tap(() => session.script("COMMIT")),
        Effect.onError(() => Effect.ignore(session.script("ROLLBACK")))
      )
    )
  )
