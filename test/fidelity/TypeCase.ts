import { Effect } from "effect"
import type { PgSession } from "../../src/postgres/PgSession.ts"
import type { PostgresError } from "../../src/postgres/PostgresError.ts"
import { builtInTypes, laterValues, unusableTypes } from "./BuiltInTypes.ts"
import { expressionValues } from "./MadeTypes.ts"

/** One type of the matrix. */
export interface TypeCase {
  /** How its tables are called. */
  readonly name: string
  /** How it is written in SQL. */
  readonly type: string
  /** SQL literals, the type's edge values. */
  readonly literals: ReadonlyArray<string>
}

/** With the escape syntax wherever a backslash occurs: no session setting changes its meaning. */
const literal = (value: string): string => {
  const quoted = value.replaceAll("'", "''")
  return quoted.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`
}

const serverTypes = (session: PgSession) =>
  session.query(
    `SELECT t.typname AS name, n.nspname AS schema, current_setting('server_version_num')::int / 10000 AS version
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname IN ('pg_catalog', 'information_schema')
       AND t.typtype IN ('b', 'r', 'm', 'd', 'e')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_type element WHERE element.typarray = t.oid)
     ORDER BY 2 DESC, 1`
  )

export interface Cases {
  readonly cases: ReadonlyArray<TypeCase>
  /** Types of the server that neither list knows: must be empty. */
  readonly uncovered: ReadonlyArray<string>
}

/** The matrix for a server: its own list of types, then the made ones. */
export const typeCases = (session: PgSession): Effect.Effect<Cases, PostgresError> =>
  Effect.map(serverTypes(session), (rows) => {
    const cases: Array<TypeCase> = []
    const uncovered: Array<string> = []
    for (const row of rows) {
      const name = row["name"] ?? ""
      if (unusableTypes.includes(name)) continue
      const values = builtInTypes[name]
      if (values === undefined) {
        uncovered.push(name)
        continue
      }
      const later = laterValues.filter((more) => more.type === name && more.since <= Number(row["version"]))
      cases.push({
        name,
        // Quoted, so that "char" is not char(1) and "bit" not bit(1).
        type: `${row["schema"]}."${name}"`,
        literals: [...values, ...later.flatMap((more) => more.values)].map(literal)
      })
    }
    for (const [type, values] of Object.entries(expressionValues)) {
      cases.push({ name: `of ${type.replaceAll('"', "")}`, type, literals: values.map(literal) })
    }
    return { cases, uncovered }
  })
