import { Option, Schema } from "effect"
import { makeRelation, type Relation } from "../../domain/Relation.ts"

const Shape = Schema.Struct({
  schema: Schema.String,
  name: Schema.String,
  identity: Schema.Literals(["default", "nothing", "full", "index"]),
  columns: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      typeOid: Schema.Int,
      typmod: Schema.Int,
      typeName: Schema.String,
      key: Schema.Boolean
    })
  )
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Shape))

const prefix = "relation:"

/** The schema versions that entries refer to: a field each in the hash beside the stream. */
export const relationField = {
  name: (fingerprint: string): string => prefix + fingerprint,

  text: ({ schema, name, identity, columns }: Relation): string =>
    JSON.stringify({ schema, name, identity, columns }),

  namesIn: (books: Readonly<Record<string, string>>): ReadonlyArray<string> =>
    Object.keys(books).flatMap((field) => (field.startsWith(prefix) ? [field.slice(prefix.length)] : [])),

  /** Those that are what their name says; others are left out. */
  allIn: (books: Readonly<Record<string, string>>): ReadonlyArray<Relation> =>
    relationField.namesIn(books).flatMap((fingerprint) => {
      const shape = Option.getOrUndefined(decode(books[prefix + fingerprint] ?? ""))
      const relation = shape === undefined ? undefined : makeRelation(shape)
      return relation?.fingerprint === fingerprint ? [relation] : []
    })
}
