import { Result, Schema } from "effect"
import { operations } from "../../domain/Change.ts"
import { type Filter, makeFilter } from "../../domain/Filter.ts"

/** As jobs write it: `[tables, operations]`, each sorted, or null for all. */
const Wire = Schema.fromJsonString(
  Schema.Tuple([
    Schema.NullOr(Schema.Array(Schema.String)),
    Schema.NullOr(Schema.Array(Schema.Literals(operations)))
  ])
)
const decode = Schema.decodeUnknownResult(Wire)

/** The filter that the ledger keeps as text; undefined when the text is none. */
export const parseFilterText = (text: string): Filter | undefined => {
  const decoded = decode(text)
  return Result.isFailure(decoded) ? undefined : makeFilter(...decoded.success)
}

/** Whether changes of the table may pass; null stands for a table that no filter names. */
export const passesTable = (filter: Filter, table: string | null): boolean =>
  filter.tables === null || (table !== null && filter.tables.has(table))
