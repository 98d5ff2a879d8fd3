import { Effect } from "effect"
import type { PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import type { PublicationNames, PublicationState } from "../Publications.ts"
import { createPublicationStatements } from "../Publications.ts"
import { quoteIdent, quoteTable } from "../Quoting.ts"
import { readSourceTables, type SourceTable } from "../SourceTables.ts"
import { error, type Finding, info, warning } from "./Finding.ts"

interface Found {
  readonly full?: PublicationState
  readonly inserts?: PublicationState
}

const nameOf = (table: SourceTable): string => `${table.schema}.${table.name}`

/** Why updates and deletes of a table cannot be captured, and how they could be. */
const identityFinding = (table: SourceTable): ReadonlyArray<Finding> => {
  const name = quoteTable(table)
  const only = "inserts and truncates only are captured of"
  switch (table.identity) {
    case "usable":
      return []
    case "missing":
      return [
        warning(
          "no_identity",
          `${only} ${nameOf(table)}: it has no primary key or other replica identity`,
          `ALTER TABLE ${name} ADD PRIMARY KEY (…); or ALTER TABLE ${name} REPLICA IDENTITY FULL`
        )
      ]
    case "deferrable":
      return [
        warning(
          "deferrable_key",
          `${only} ${nameOf(table)}: its primary key is deferrable, which PostgreSQL does not take for an identity`,
          `ALTER TABLE ${name} REPLICA IDENTITY FULL`
        )
      ]
    case "virtual column":
      return [
        warning(
          "virtual_column",
          `${only} ${nameOf(table)}: under REPLICA IDENTITY FULL its virtual generated column cannot be published`,
          `ALTER TABLE ${name} ADD PRIMARY KEY (…); ALTER TABLE ${name} REPLICA IDENTITY DEFAULT`
        )
      ]
    case "partition differs":
      return [
        warning(
          "partition_identity",
          `${only} ${nameOf(table)}: a partition's replica identity is missing, or not the partitioned table's`,
          "give every partition the same REPLICA IDENTITY as the partitioned table"
        )
      ]
  }
}

/** Publications that somebody else made are theirs: what they leave out, and what they break. */
const foreignFindings = (
  publication: PublicationState,
  tables: ReadonlyArray<SourceTable>
): ReadonlyArray<Finding> => {
  const name = quoteIdent(publication.name)
  const findings: Array<Finding> = []
  const missing = (["insert", "update", "delete", "truncate"] as const).filter(
    (action) => !publication.actions.includes(action)
  )
  if (missing.length > 0) {
    findings.push(
      warning(
        "actions_missing",
        `publication ${publication.name} leaves out ${missing.join(", ")}`,
        `ALTER PUBLICATION ${name} SET (publish = 'insert, update, delete, truncate')`
      )
    )
  }
  if (!publication.viaRoot && tables.some((table) => table.partitioned)) {
    findings.push(
      info(
        "partitions_as_tables",
        `publication ${publication.name} publishes partitions as tables of their own: a target needs the same partitions`,
        `ALTER PUBLICATION ${name} SET (publish_via_partition_root = true)`
      )
    )
  }
  const changesRows = publication.actions.includes("update") || publication.actions.includes("delete")
  for (const table of tables) {
    if (changesRows && table.inFull && table.identity !== "usable") {
      findings.push(
        error(
          "breaks_updates",
          `UPDATE and DELETE of ${nameOf(table)} fail at the source: publication ${publication.name} publishes them, and the table has no usable replica identity`,
          `ALTER PUBLICATION ${name} DROP TABLE ONLY ${quoteTable(table)}; or ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY FULL`
        )
      )
    } else if (!table.inFull && !table.inInserts) {
      findings.push(
        warning(
          "not_published",
          `${nameOf(table)} is not captured: publication ${publication.name} does not hold it`,
          `ALTER PUBLICATION ${name} ADD TABLE ONLY ${quoteTable(table)}`
        )
      )
    }
  }
  return findings
}

const ownFindings = (names: PublicationNames, tables: ReadonlyArray<SourceTable>): ReadonlyArray<Finding> =>
  tables.flatMap((table) => {
    if (table.owned || table.inFull || table.inInserts) return identityFinding(table)
    const publication = table.identity === "usable" ? names.full : names.inserts
    return [
      warning(
        "not_published",
        `${nameOf(table)} is not captured: it belongs to another role, which has to publish it`,
        `ALTER PUBLICATION ${quoteIdent(publication)} ADD TABLE ONLY ${quoteTable(table)}`
      )
    ]
  })

const unloggedQuery = `
  SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'u' ORDER BY 1, 2`

/** What of the tables is captured, what is not, and what a publication breaks. */
export const checkTables: (
  session: PgSession,
  names: PublicationNames,
  found: Found,
  serverVersion: number
) => Effect.Effect<ReadonlyArray<Finding>, PostgresError> = Effect.fnUntraced(
  function* (session, names, found, serverVersion) {
    const tables = yield* readSourceTables(session, names.full, names.inserts)
    const findings: Array<Finding> = []
    if (found.full === undefined) {
      findings.push(
        info(
          "no_publication",
          `publication ${names.full} does not exist; it is made at the first start, before the slot`,
          createPublicationStatements(names, serverVersion, false).join("; ")
        ),
        ...tables.flatMap(identityFinding)
      )
    } else if (found.full.ours) {
      findings.push(...ownFindings(names, tables))
    } else {
      findings.push(...foreignFindings(found.full, tables))
    }
    for (const row of yield* session.query(unloggedQuery)) {
      const table = { schema: row["nspname"] ?? "", name: row["relname"] ?? "" }
      findings.push(
        info(
          "unlogged",
          `${table.schema}.${table.name} is never captured: unlogged tables write no WAL`,
          `ALTER TABLE ${quoteTable(table)} SET LOGGED`
        )
      )
    }
    if (tables.some((table) => table.partitioned)) {
      findings.push(
        info(
          "partitions",
          "changes of partitions are captured as the partitioned table's: TRUNCATE of a single partition, ATTACH, DETACH and DROP of partitions with rows are not",
          null
        )
      )
    }
    return findings
  }
)
