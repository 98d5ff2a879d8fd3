import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import type { Connection } from "effect/sql/SqlConnection"
import { explainSqlError } from "./ControlDatabase.ts"

/** Sessions that only read, at most. */
const maxConnections = 5

/** Each statement goes to whichever session of the pool is free: there is no transaction to keep together. */
const pooled = (sql: PgClient.PgClient): Connection => ({
  execute: (text, parameters, transform) =>
    Effect.map(sql.unsafe<object>(text, parameters), (rows) =>
      transform === undefined ? rows : transform(rows)
    ),
  executeRaw: (text, parameters) => sql.unsafe(text, parameters).raw,
  executeValues: (text, parameters) => sql.unsafe(text, parameters).values,
  executeValuesUnprepared: (text, parameters) => sql.unsafe(text, parameters).valuesUnprepared,
  executeUnprepared: (text, parameters, transform) =>
    Effect.map(sql.unsafe<object>(text, parameters).unprepared, (rows) =>
      transform === undefined ? rows : transform(rows)
    ),
  executeStream: (text, parameters, transform) => {
    const rows = sql.unsafe<object>(text, parameters).stream
    return transform === undefined ? rows : Stream.map(rows, (row) => transform([row])[0] ?? row)
  }
})

/**
 * Runs what should only read on sessions in which PostgreSQL refuses to write (`default_transaction_read_only`), however
 * deep the statement is buried. Costs no round trip, where a READ ONLY transaction around each request would cost two.
 */
export class ReadOnlySql extends Context.Service<
  ReadOnlySql,
  { readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> }
>()("walstream/control/ReadOnlySql") {
  static readonly layer: Layer.Layer<ReadOnlySql, never, PgClient.PgClient> = Layer.effect(
    ReadOnlySql,
    Effect.gen(function* () {
      const { config, transactionService } = yield* PgClient.PgClient
      const reads = yield* PgClient.make({
        ...config,
        maxConnections,
        startupParameters: { ...config.startupParameters, default_transaction_read_only: "on" }
      })
      const connection = pooled(reads)
      return ReadOnlySql.of({
        run: (effect) => Effect.provideService(effect, transactionService, [connection, 0])
      })
    }).pipe(
      Effect.catchTag("SqlError", (error) => Effect.die(new Error(explainSqlError(error).detail))),
      Effect.provide(Reactivity.layer)
    )
  )
}
