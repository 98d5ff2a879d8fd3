import { Option, Schema } from "effect"
import { makeRelation, type Relation } from "../../domain/Relation.ts"
import { RelationShape } from "../RelationShape.ts"

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(RelationShape))

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
