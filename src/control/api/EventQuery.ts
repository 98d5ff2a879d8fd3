import { Schema } from "effect"
import { operations } from "../../domain/Change.ts"

/** Which events are wanted. */
export const eventQuery = {
  /** `schema.table`, or a table's name in any schema. */
  table: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  operation: Schema.optionalKey(Schema.Literals(operations)),
  /** A key's value as text, of any key column. */
  key: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000))),
  /** Part of any value, column or table name; upper and lower case are the same. */
  text: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
}
