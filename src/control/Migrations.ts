import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Schema } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import * as MigratorFileSystem from "effect/sql/MigratorFileSystem"
import { explainSqlError } from "./ControlDatabase.ts"

/** Beside `src` in the repository, beside the compiled `src` in `dist`. */
const directory = fileURLToPath(new URL("../../migrations", import.meta.url))
const table = "walstream_migrations"
const loader = MigratorFileSystem.fromFileSystem(directory)

export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  detail: Schema.String
}) {
  override get message(): string {
    return `the control database: ${this.detail}`
  }
}

/** The control database is not at this build's revision. Nothing was changed. */
export class RevisionMismatch extends Schema.TaggedError<RevisionMismatch>()("RevisionMismatch", {
  found: Schema.Int,
  expected: Schema.Int
}) {
  override get message(): string {
    const fix =
      this.found < this.expected
        ? "run `npx walstream migrate` with DATABASE_URL set"
        : "it was migrated by a newer version: run that version"
    return `the control database is at revision ${this.found}, this version needs ${this.expected}: ${fix}`
  }
}

const sqlFailed = (error: Parameters<typeof explainSqlError>[0]) =>
  new MigrationFailed({ detail: explainSqlError(error).detail })

const loadError = (error: Migrator.MigrationError) =>
  new MigrationFailed({
    detail: error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
  })

/** Brings the database to this build's revision; gives the names of what was applied. Safe to run from several processes. */
export const migrate: Effect.Effect<
  ReadonlyArray<string>,
  MigrationFailed,
  SqlClient.SqlClient
> = Migrator.make({})({ loader, table }).pipe(
  Effect.map((applied) => applied.map(([id, name]) => `${String(id).padStart(4, "0")}_${name}`)),
  Effect.catchTags({
    MigrationError: (error) => Effect.fail(loadError(error)),
    SqlError: (error) => Effect.fail(sqlFailed(error))
  }),
  Effect.provide(NodeServices.layer)
)

/** The revision that this build needs. */
export const expectedRevision: Effect.Effect<number, MigrationFailed> = loader.pipe(
  Effect.map((migrations) => migrations.reduce((latest, [id]) => Math.max(latest, id), 0)),
  Effect.mapError(loadError),
  Effect.provide(NodeServices.layer)
)

/** The revision that the database is at; 0 for one that was never migrated. */
export const foundRevision: Effect.Effect<number, MigrationFailed, SqlClient.SqlClient> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const [exists] = yield* sql`SELECT 1 AS one WHERE to_regclass(${table}) IS NOT NULL`
    if (exists === undefined) return 0
    const [row] = yield* sql<{ readonly revision: number }>`
      SELECT COALESCE(max(migration_id), 0)::int4 AS revision FROM ${sql(table)}`
    return row?.revision ?? 0
  }
).pipe(Effect.mapError(sqlFailed))

/** Refuses to go on against a database of another revision. Writes nothing. */
export const checkRevision: Effect.Effect<number, MigrationFailed | RevisionMismatch, SqlClient.SqlClient> =
  Effect.gen(function* () {
    const expected = yield* expectedRevision
    const found = yield* foundRevision
    if (found !== expected) return yield* new RevisionMismatch({ found, expected })
    return found
  })
