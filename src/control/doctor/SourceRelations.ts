import { Effect, Schema } from "effect"
import { makeRelation, type Relation } from "../../domain/Relation.ts"
import type { PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"

/** Tables that could be captured, as their changes would name them: without generated columns. */
const relationsSql = `
SELECT json_build_object('schema', n.nspname, 'name', c.relname, 'columns', (
  SELECT coalesce(json_agg(json_build_object('name', a.attname, 'typeOid', a.atttypid::int8, 'key', EXISTS (
      SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
    )) ORDER BY a.attnum), '[]')
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))::text AS described
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'walstream') AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname`

const Described = Schema.fromJsonString(
  Schema.Struct({
    schema: Schema.String,
    name: Schema.String,
    columns: Schema.Array(Schema.Struct({ name: Schema.String, typeOid: Schema.Int, key: Schema.Boolean }))
  })
)
const decode = Schema.decodeUnknownSync(Described)

export const readRelations = (session: PgSession): Effect.Effect<ReadonlyArray<Relation>, PostgresError> =>
  Effect.map(session.query(relationsSql), (rows) =>
    rows.map((row) => {
      const { schema, name, columns } = decode(row["described"])
      return makeRelation({
        schema,
        name,
        identity: "default",
        columns: columns.map((column) => ({ ...column, typmod: -1, typeName: "" }))
      })
    })
  )
