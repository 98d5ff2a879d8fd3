import { quoteIdent, quoteLiteral, quoteTable } from "./Quoting.ts"
import type { SourceTable } from "./SourceTables.ts"

/** Which tables change their publication. */
export interface PublicationPlan {
  readonly addFull: ReadonlyArray<SourceTable>
  readonly dropFull: ReadonlyArray<SourceTable>
  readonly addInserts: ReadonlyArray<SourceTable>
  readonly dropInserts: ReadonlyArray<SourceTable>
}

/**
 * A table whose updates or deletes are published but which has no usable identity has them refused by its own
 * server. So the publication of all actions holds the tables with one, and the other publication the rest.
 * A publication for all tables has no list to change.
 */
export const planPublications = (
  tables: ReadonlyArray<SourceTable>,
  allTablesInserts: boolean
): PublicationPlan => {
  const ours = tables.filter((table) => table.owned)
  const usable = (table: SourceTable) => table.identity === "usable"
  return {
    addFull: ours.filter((table) => usable(table) && !table.inFull),
    dropFull: ours.filter((table) => !usable(table) && table.inFull),
    addInserts: allTablesInserts ? [] : ours.filter((table) => !usable(table) && !table.inInserts),
    dropInserts: allTablesInserts ? [] : ours.filter((table) => usable(table) && table.inInserts)
  }
}

export const isEmptyPlan = (plan: PublicationPlan): boolean =>
  plan.addFull.length + plan.dropFull.length + plan.addInserts.length + plan.dropInserts.length === 0

/** Tables of which nothing was captured before: their history begins with what is done now. */
export const newTables = (plan: PublicationPlan): ReadonlyArray<SourceTable> =>
  [...plan.addFull, ...plan.addInserts].filter((table) => !table.inFull && !table.inInserts)

const list = (tables: ReadonlyArray<SourceTable>): string =>
  tables.map((table) => `ONLY ${quoteTable(table)}`).join(", ")

const alter = (
  publication: string,
  action: "ADD" | "DROP",
  tables: ReadonlyArray<SourceTable>
): ReadonlyArray<string> =>
  tables.length === 0 ? [] : [`ALTER PUBLICATION ${quoteIdent(publication)} ${action} TABLE ${list(tables)}`]

/** Tables of which from now on only inserts and truncates are captured. */
const losing = (plan: PublicationPlan): ReadonlyArray<SourceTable> =>
  plan.dropFull.concat(plan.addInserts.filter((table) => !table.inFull))

/** The prefix of the message that marks in the history where what is captured of a table changes. */
export const coverageMessagePrefix = "walstream.coverage"

/** What is captured of a table. */
export type Captured = "all" | "inserts"

/** A transactional message: it stands in the log at exactly the place of the change of publication. */
const announce = (tables: ReadonlyArray<SourceTable>, captured: Captured): ReadonlyArray<string> =>
  tables.map((table) => {
    const content = JSON.stringify({ table: `${table.schema}.${table.name}`, captured })
    return `SELECT pg_logical_emit_message(true, ${quoteLiteral(coverageMessagePrefix)}, ${quoteLiteral(content)})`
  })

/** To be run in one transaction: no moment at which a table is in neither. */
export const planStatements = (
  plan: PublicationPlan,
  names: { readonly full: string; readonly inserts: string },
  announced: boolean
): ReadonlyArray<string> => [
  ...alter(names.full, "DROP", plan.dropFull),
  ...alter(names.inserts, "ADD", plan.addInserts),
  ...alter(names.full, "ADD", plan.addFull),
  ...alter(names.inserts, "DROP", plan.dropInserts),
  ...(announced ? [...announce(plan.addFull, "all"), ...announce(losing(plan), "inserts")] : [])
]
