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
  detail: Schema.String,
  /** Whether trying again may help: a connection that was lost, not a statement that was refused. */
  isRetryable: Schema.Boolean
}) {
  override get message(): string {
    return `the control database: ${this.detail}`
  }
}

/** The control database has not exactly this build's migrations. Nothing was changed. */
export class RevisionMismatch extends Schema.TaggedError<RevisionMismatch>()("RevisionMismatch", {
  found: Schema.Int,
  expected: Schema.Int,
  /** Numbers that this build has and the database has not, lowest first. */
  missing: Schema.Array(Schema.Int),
  /** And the other way round. */
  unknown: Schema.Array(Schema.Int)
}) {
  override get message(): string {
    const { found, expected, missing, unknown } = this
    if (unknown.length > 0)
      return `the control database is at revision ${found}, this version needs ${expected}: it was migrated by a newer version (${namesOf(unknown)}): run that version`
    const isBehind = missing.every((id) => id > found)
    return isBehind
      ? `the control database is at revision ${found}, this version needs ${expected}: run \`npx walstream migrate\` with DATABASE_URL set`
      : `the control database is at revision ${found}, but was never given ${namesOf(missing.filter((id) => id < found))}: it comes from a version with other migrations. Run that version, or restore a database of this one's`
  }
}

const namesOf = (ids: ReadonlyArray<number>): string =>
  `migration ${ids.map((id) => String(id).padStart(4, "0")).join(", ")}`

const sqlFailed = (error: Parameters<typeof explainSqlError>[0]) =>
  new MigrationFailed(explainSqlError(error))

const loadError = (error: Migrator.MigrationError) =>
  new MigrationFailed({
    detail: error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message,
    isRetryable: false
  })

/** The numbers of this build's migrations, lowest first. */
const known: Effect.Effect<ReadonlyArray<number>, MigrationFailed> = loader.pipe(
  Effect.map((migrations) => migrations.map(([id]) => id).toSorted((a, b) => a - b)),
  Effect.mapError(loadError),
  Effect.provide(NodeServices.layer)
)

/** The numbers of those that the database has, lowest first; none for one that was never migrated. */
const applied: Effect.Effect<ReadonlyArray<number>, MigrationFailed, SqlClient.SqlClient> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const [exists] = yield* sql`SELECT 1 AS one WHERE to_regclass(${table}) IS NOT NULL`
    if (exists === undefined) return []
    const rows = yield* sql<{ readonly id: number }>`
      SELECT migration_id::int4 AS id FROM ${sql(table)} ORDER BY migration_id`
    return rows.map(({ id }) => id)
  }
).pipe(Effect.mapError(sqlFailed))

const latest = (ids: ReadonlyArray<number>): number => ids.at(-1) ?? 0

/** The revision that this build needs: its highest number. */
export const expectedRevision: Effect.Effect<number, MigrationFailed> = Effect.map(known, latest)

/** The revision that the database is at; 0 for one that was never migrated. */
export const foundRevision: Effect.Effect<number, MigrationFailed, SqlClient.SqlClient> = Effect.map(
  applied,
  latest
)

/** In what the database differs from this build; undefined where it does not. All numbers count, not the highest alone. */
const mismatch = Effect.gen(function* () {
  const ours = yield* known
  const theirs = yield* applied
  const missing = ours.filter((id) => !theirs.includes(id))
  const unknown = theirs.filter((id) => !ours.includes(id))
  return missing.length === 0 && unknown.length === 0
    ? undefined
    : new RevisionMismatch({ found: latest(theirs), expected: latest(ours), missing, unknown })
})

/** Refuses to go on against a database of another revision. Writes nothing. */
export const checkRevision: Effect.Effect<number, MigrationFailed | RevisionMismatch, SqlClient.SqlClient> =
  Effect.gen(function* () {
    const other = yield* mismatch
    return other === undefined ? yield* expectedRevision : yield* other
  })

/**
 * Brings the database to this build's revision; gives the names of what was applied. Safe to run from several processes.
 * Refuses a database that cannot be brought there, and leaves it alone: one of a newer version, or one that was passed by.
 */
export const migrate: Effect.Effect<
  ReadonlyArray<string>,
  MigrationFailed | RevisionMismatch,
  SqlClient.SqlClient
> = Effect.gen(function* () {
  const other = yield* mismatch
  if (other !== undefined && (other.unknown.length > 0 || other.missing.some((id) => id < other.found)))
    return yield* other
  return yield* Migrator.make({})({ loader, table }).pipe(
    Effect.map((done) => done.map(([id, name]) => `${String(id).padStart(4, "0")}_${name}`)),
    Effect.catchTags({
      MigrationError: (error) => Effect.fail(loadError(error)),
      SqlError: (error) => Effect.fail(sqlFailed(error))
    }),
    Effect.provide(NodeServices.layer)
  )
})
