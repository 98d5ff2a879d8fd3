import { Effect } from "effect"
import type { PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import type { PublicationNames } from "./Publications.ts"
import { quoteIdent, quoteTable } from "./Quoting.ts"
import { readSourceTables, type SourceTable } from "./SourceTables.ts"

/** As many as a log line should name. */
const shown = 5

/** Which tables no publication holds, and the SQL for whoever may add them; undefined when there are none. Pure. */
const uncapturedWarning = (
  tables: ReadonlyArray<SourceTable>,
  names: PublicationNames
): string | undefined => {
  const missing = tables.filter((table) => !table.inFull && !table.inInserts)
  const some = missing.slice(0, shown)
  if (some.length === 0) return undefined
  const more = missing.length > shown ? ` and ${missing.length - shown} more` : ""
  const list = some.map((table) => `${table.schema}.${table.name}`).join(", ")
  const sql = `ALTER PUBLICATION ${quoteIdent(names.full)} ADD TABLE ONLY ${some.map(quoteTable).join(", ONLY ")}`
  return `not captured: ${list}${more}, which publication ${names.full} does not hold. What to do: ${sql} (\`walstream doctor\` shows each)`
}

/** Says in the log what is left out. What is published is its maker's decision, so it does not stop capture. */
export const warnOfUncaptured = (
  session: PgSession,
  names: PublicationNames
): Effect.Effect<void, PostgresError> =>
  Effect.flatMap(readSourceTables(session, names.full, names.inserts), (tables) => {
    const warning = uncapturedWarning(tables, names)
    return warning === undefined ? Effect.void : Effect.logWarning(warning)
  })
