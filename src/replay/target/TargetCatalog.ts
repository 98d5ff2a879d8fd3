import { Schema } from "effect"
import type { TargetColumn, TargetTable, UniqueKey } from "./TargetTable.ts"

/**
 * One row with one JSON text per table of `$1` ("schema") and `$2` ("name"), both arrays. `$3` says which triggers
 * fire in this session: `{A,R}` under session_replication_role = replica, else `{A,O}`. Triggers and constraints of a
 * table's partitions count as its own. A key that is unique only at a transaction's end names no row until then.
 */
export const catalogSql = `
SELECT json_build_object(
  'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'secured', row_security_active(c.oid),
  'columns', (SELECT json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, -1),
      'baseOid', b.oid::int8, 'isEnum', b.typtype = 'e',
      'arrays', b.typcategory <> 'A' AND b.typtype <> 'd' AND t.typarray <> 0 AND t.typdelim = ',' AND b.typdelim = ',',
      'generated', a.attgenerated <> '', 'identityAlways', a.attidentity = 'a', 'notNull', a.attnotnull,
      'required', a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL,
      'exact', coalesce(l.collisdeterministic, true), 'equals', CASE
        WHEN e.operator IS NOT NULL THEN e.operator
        WHEN b.oid IN (1043, 650) OR b.typtype IN ('e', 'r', 'm') OR b.typcategory = 'A' THEN '=' END) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN LATERAL (SELECT format('OPERATOR(%I.%s)', s.nspname, p.oprname) AS operator
      FROM pg_opclass q JOIN pg_am m ON m.oid = q.opcmethod AND m.amname = 'btree'
      JOIN pg_amop u ON u.amopfamily = q.opcfamily AND u.amopstrategy = 3
        AND u.amoplefttype = b.oid AND u.amoprighttype = b.oid
      JOIN pg_operator p ON p.oid = u.amopopr JOIN pg_namespace s ON s.oid = p.oprnamespace
      WHERE q.opcdefault AND q.opcintype = b.oid LIMIT 1) AS e ON true
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'keys', (SELECT json_agg(json_build_object('index', x.relname, 'columns',
      (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])))
      ORDER BY i.indisprimary DESC, i.indnkeyatts, x.relname)
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) AND NOT a.attnotnull)),
  'triggers', EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = ANY (tree.members) AND NOT g.tgisinternal
    AND g.tgenabled = ANY ($3::"char"[])),
  'rules', EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type <> '1'
    AND r.ev_enabled = ANY ($3::"char"[])),
  'exclusions', EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = ANY (tree.members) AND k.contype = 'x'),
  'actions', EXISTS (SELECT FROM pg_constraint k JOIN pg_trigger g ON g.tgconstraint = k.oid
    WHERE k.contype = 'f' AND (k.conrelid = ANY (tree.members) OR k.confrelid = ANY (tree.members))
    AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
    AND g.tgenabled = ANY ($3::"char"[])))::text AS described
FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
JOIN pg_namespace n ON n.nspname = wanted.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
CROSS JOIN LATERAL (SELECT array_agg(member) AS members FROM (
  SELECT c.oid AS member UNION SELECT p.relid::oid FROM pg_partition_tree(c.oid) p) AS all_members) AS tree`

const Described = Schema.Struct({
  schema: Schema.String,
  name: Schema.String,
  kind: Schema.String,
  secured: Schema.Boolean,
  columns: Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        name: Schema.String,
        type: Schema.String,
        baseOid: Schema.Int,
        isEnum: Schema.Boolean,
        arrays: Schema.Boolean,
        generated: Schema.Boolean,
        identityAlways: Schema.Boolean,
        notNull: Schema.Boolean,
        required: Schema.Boolean,
        exact: Schema.Boolean,
        equals: Schema.NullOr(Schema.String)
      })
    )
  ),
  keys: Schema.NullOr(
    Schema.Array(Schema.Struct({ index: Schema.String, columns: Schema.Array(Schema.String) }))
  ),
  triggers: Schema.Boolean,
  rules: Schema.Boolean,
  exclusions: Schema.Boolean,
  actions: Schema.Boolean
})
type Described = typeof Described.Type

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Described))

const orderVisible = (table: Described): string | null => {
  if (table.triggers) return "its triggers fire"
  if (table.rules) return "it has rewrite rules"
  if (table.exclusions) return "it has an exclusion constraint"
  if (table.actions) return "a foreign key acts on it"
  return null
}

const refused = (table: Described): string | null => {
  if (table.kind !== "r" && table.kind !== "p") return "it is not a table"
  if (table.secured) return "row-level security hides rows from this role"
  return null
}

/** Reads one answer of `catalogSql`. */
export const describeTable = (text: string): TargetTable => {
  const table = decode(text)
  const columns = new Map<string, TargetColumn>()
  for (const column of table.columns ?? []) columns.set(column.name, column)
  const keys: ReadonlyArray<UniqueKey> = table.keys ?? []
  return {
    schema: table.schema,
    name: table.name,
    partitioned: table.kind === "p",
    columns,
    keys,
    orderVisible: orderVisible(table),
    refused: refused(table)
  }
}
