import { Effect } from "effect"
import { inTransaction, type PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import { isEmptyPlan, newTables, planPublications, planStatements } from "./PublicationPlan.ts"
import { quoteIdent, quoteLiteral } from "./Quoting.ts"
import { readSourceTables, type SourceTable } from "./SourceTables.ts"

/** The two publications of a source: what is named in START_REPLICATION is the union of their actions. */
export interface PublicationNames {
  /** All actions, of tables with a usable identity. */
  readonly full: string
  /** Insert and truncate, of tables without. */
  readonly inserts: string
}

export const publicationNames = (publication: string): PublicationNames => ({
  full: publication,
  inserts: `${publication}_inserts`
})

/** What a publication that we made says of itself: others are read, never altered. */
const ownership = "made by WalStream, which keeps its list of tables"

export interface PublicationState {
  readonly name: string
  readonly allTables: boolean
  readonly ours: boolean
  readonly viaRoot: boolean
  readonly actions: ReadonlyArray<"insert" | "update" | "delete" | "truncate">
}

const publicationsQuery = `
  SELECT p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
    obj_description(p.oid, 'pg_publication') AS comment
  FROM pg_catalog.pg_publication p WHERE p.pubname IN ($1, $2)`

export const readPublications = (
  session: PgSession,
  names: PublicationNames
): Effect.Effect<{ readonly full?: PublicationState; readonly inserts?: PublicationState }, PostgresError> =>
  Effect.map(session.query(publicationsQuery, [names.full, names.inserts]), (rows) => {
    const found = rows.map((row): PublicationState => {
      const actions = (["insert", "update", "delete", "truncate"] as const).filter(
        (action) => row[`pub${action}`] === "t"
      )
      return {
        name: row["pubname"] ?? "",
        allTables: row["puballtables"] === "t",
        ours: row["comment"] === ownership,
        viaRoot: row["pubviaroot"] === "t",
        actions
      }
    })
    const full = found.find((state) => state.name === names.full)
    const inserts = found.find((state) => state.name === names.inserts)
    return { ...(full === undefined ? {} : { full }), ...(inserts === undefined ? {} : { inserts }) }
  })

/**
 * The SQL that makes both. Changes of partitions are published as the partitioned table's, so that the target may
 * be partitioned otherwise. From version 18 on stored generated columns are published: without that the server
 * refuses updates of a table with such a column and REPLICA IDENTITY FULL.
 * `newTables`: inserts of every table, also of one that is created later. Needs a superuser, and somebody who adds
 * such a table to the full publication in the transaction that creates it (see CaptureTrigger).
 */
export const createPublicationStatements = (
  names: PublicationNames,
  serverVersion: number,
  everyInsert: boolean
): ReadonlyArray<string> => {
  const generated = serverVersion >= 180000 ? ", publish_generated_columns = stored" : ""
  const make = (name: string, scope: string, actions: string) => [
    `CREATE PUBLICATION ${quoteIdent(name)}${scope} WITH (publish = '${actions}', publish_via_partition_root = true${generated})`,
    `COMMENT ON PUBLICATION ${quoteIdent(name)} IS ${quoteLiteral(ownership)}`
  ]
  return [
    ...make(names.full, "", "insert, update, delete, truncate"),
    ...make(names.inserts, everyInsert ? " FOR ALL TABLES" : "", "insert, truncate")
  ]
}

const runAll = (session: PgSession, statements: ReadonlyArray<string>) =>
  inTransaction(
    session,
    Effect.andThen(session.script("SET LOCAL lock_timeout = '3s'"), session.script(statements.join("; ")))
  )

/** Makes both and fills them. Before the slot: a publication that is younger than a slot does not exist for it. */
export const createPublications = (
  session: PgSession,
  names: PublicationNames,
  serverVersion: number,
  everyInsert: boolean
): Effect.Effect<void, PostgresError> =>
  Effect.andThen(
    runAll(session, createPublicationStatements(names, serverVersion, everyInsert)),
    Effect.asVoid(alignPublications(session, names, false))
  )

export interface Alignment {
  /** Tables whose history begins now. */
  readonly added: ReadonlyArray<SourceTable>
  /** All tables as they were found. */
  readonly tables: ReadonlyArray<SourceTable>
  /** Whether a publication was altered. */
  readonly changed: boolean
}

/**
 * Puts every table where it belongs, in the publications that we made. `announced` writes into the history where a
 * new table's coverage begins.
 */
export const alignPublications: (
  session: PgSession,
  names: PublicationNames,
  announced: boolean
) => Effect.Effect<Alignment, PostgresError> = Effect.fnUntraced(function* (session, names, announced) {
  const { full, inserts } = yield* readPublications(session, names)
  const tables = yield* readSourceTables(session, names.full, names.inserts)
  if (full?.ours !== true || full.allTables || inserts?.ours !== true) {
    return { added: [], tables, changed: false }
  }
  const plan = planPublications(tables, inserts.allTables)
  if (isEmptyPlan(plan)) return { added: [], tables, changed: false }
  yield* runAll(session, planStatements(plan, names, announced))
  return { added: newTables(plan), tables, changed: true }
})
