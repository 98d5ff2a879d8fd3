import { Effect } from "effect"
import type { PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"

/** How a table's rows are named in an UPDATE or DELETE, or why they cannot be. */
export type Identity =
  | "usable"
  /** No primary key and nothing set instead. */
  | "missing"
  /** The primary key is deferrable: PostgreSQL does not take it. */
  | "deferrable"
  /** REPLICA IDENTITY FULL, but a virtual generated column cannot be published. */
  | "virtual column"
  /** A partition's identity is missing, or another than the partitioned table's. */
  | "partition differs"

/** A permanent table of the source, a partitioned one standing for its partitions. */
export interface SourceTable {
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
  readonly identity: Identity
  /** Only an owner can put it into a publication. */
  readonly owned: boolean
  /** In the publication of all actions. */
  readonly inFull: boolean
  /** In the publication of insert and truncate only. */
  readonly inInserts: boolean
}

/**
 * One row per table that could be captured. A partitioned table is published as itself, so its identity is only
 * usable when every partition has the same: PostgreSQL checks the partition and sends the columns of the root.
 * The publications' names and the condition on `c` (pg_class) are SQL. `virtual` is spelled 'v' in attgenerated from version 18 on; before that the comparison finds none.
 */
export const classifiedTables = (full: string, inserts: string, which: string): string => `
  WITH tables AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
      AND ${which} AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'walstream') AND n.nspname !~ '^pg_'
  ), members AS (
    SELECT oid AS root, oid AS member FROM tables
    UNION ALL
    SELECT t.oid, p.relid FROM tables t CROSS JOIN LATERAL pg_partition_tree(t.oid) p
    WHERE t.relkind = 'p' AND p.relid <> t.oid
  ), identities AS (
    SELECT m.root, m.member, CASE
      WHEN c.relreplident = 'f' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 'v' AND NOT a.attisdropped
      ) THEN 'full'
      WHEN c.relreplident IN ('d', 'i') THEN (
        SELECT string_agg(quote_ident(a.attname), ',' ORDER BY a.attname)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
          ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
          AND CASE WHEN c.relreplident = 'd' THEN i.indisprimary ELSE i.indisreplident END
      ) END AS identity,
      c.relreplident,
      EXISTS (SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate) AS deferred_key
    FROM members m JOIN pg_catalog.pg_class c ON c.oid = m.member WHERE c.relkind IN ('r', 'p')
  ), summary AS (
    SELECT root, bool_and(identity IS NOT NULL) AS complete, count(DISTINCT identity) AS kinds,
      bool_or(identity IS NULL AND member = root) AS root_missing,
      bool_or(member = root AND deferred_key AND relreplident = 'd') AS root_deferrable,
      bool_or(member = root AND relreplident = 'f') AS root_full
    FROM identities GROUP BY root
  )
  SELECT t.nspname, t.relname, t.relkind = 'p' AS partitioned,
    CASE WHEN s.complete AND s.kinds = 1 THEN 'usable'
      WHEN s.root_deferrable THEN 'deferrable'
      WHEN s.root_missing AND s.root_full THEN 'virtual column'
      WHEN s.root_missing THEN 'missing'
      ELSE 'partition differs' END AS identity,
    pg_has_role(t.relowner, 'USAGE') AS owned,
    EXISTS (SELECT FROM pg_catalog.pg_publication_tables p
      WHERE p.pubname = ${full} AND p.schemaname = t.nspname AND p.tablename = t.relname) AS in_full,
    EXISTS (SELECT FROM pg_catalog.pg_publication_tables p
      WHERE p.pubname = ${inserts} AND p.schemaname = t.nspname AND p.tablename = t.relname) AS in_inserts
  FROM tables t JOIN summary s ON s.root = t.oid
  ORDER BY t.nspname, t.relname`

const tablesQuery = classifiedTables("$1", "$2", "true")

/** What the query's CASE can give. */
const identities: Readonly<Record<string, Identity>> = {
  usable: "usable",
  deferrable: "deferrable",
  missing: "missing",
  "virtual column": "virtual column",
  "partition differs": "partition differs"
}

export const readSourceTables = (
  session: PgSession,
  full: string,
  inserts: string
): Effect.Effect<ReadonlyArray<SourceTable>, PostgresError> =>
  Effect.map(session.query(tablesQuery, [full, inserts]), (rows) =>
    rows.map((row) => ({
      schema: row["nspname"] ?? "",
      name: row["relname"] ?? "",
      partitioned: row["partitioned"] === "t",
      identity: identities[row["identity"] ?? ""] ?? "missing",
      owned: row["owned"] === "t",
      inFull: row["in_full"] === "t",
      inInserts: row["in_inserts"] === "t"
    }))
  )
